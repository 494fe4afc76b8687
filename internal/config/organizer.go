package config

// readOrganizers reads all sections. What the organizers do not say themselves is as in defaults.
func (r *reader) readOrganizers(rows []*table, defaults Organizer) []Organizer {
	var organizers []Organizer
	addresses, seen := map[string]string{}, &sources{byKey: map[string][]int{}}
	for _, t := range rows {
		faults := len(r.faults)
		o := r.readOrganizer(t, defaults)
		whole := len(r.faults) == faults
		t.uniqueAddresses(o, addresses)
		if whole { // what could not be read cannot be compared
			t.uniqueSource(o, seen)
		}
		organizers = append(organizers, o)
	}
	return organizers
}

func (r *reader) readOrganizer(t *table, o Organizer) Organizer {
	readRequired(t, "email", &o.Email, email, "must be set: the address that this organizer is known by")
	readList(t, "aliases", &o.Aliases, email)
	read(t, "user_id", &o.UserID, optional(platformID))
	read(t, "account_id", &o.AccountID, optional(platformID))
	read(t, "api_key_file", &o.APIKeyFile, optional(r.secretFile))
	read(t, "timezone", &o.Timezone, optional(timezone))
	readOwn(t, "language", &o.Language, r.language)
	readOwn(t, "mode", &o.Mode, oneOf(ModeMarked, ModeAttendees, ModeAll))
	r.readSource(t, &o)
	return o
}

// uniqueAddresses reports an address that is known already: events could not be told apart by it.
func (t *table) uniqueAddresses(o Organizer, seen map[string]string) {
	report := func(key, address string) {
		if owner, taken := seen[address]; taken {
			t.fault(key, address, "is "+owner+" already")
			return
		}
		seen[address] = key
	}
	if o.Email != "" {
		report(join(t.path, "email"), o.Email)
	}
	for i, a := range o.Aliases {
		report(index(join(t.path, "aliases"), i), a)
	}
}
