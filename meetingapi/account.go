package meetingapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// An Account is the entity under which meeting organizers are created.
type Account struct {
	ID                  string
	Name                string
	Type                string // accountType
	PaidUntil           time.Time
	Meetings            int // numberOfMeetings
	Organizers          int // numberOfMeetingOrganizers
	MeetingRooms        int // numberOfMeetingRooms
	CanAddOrganizer     bool
	AutoExtend          bool // running meetings are extended by the platform
	AutoDeleteAfterDays int  // past meetings are deleted by the platform
	DefaultType         string
	DefaultDialin       bool
	DefaultRecorded     bool
	DefaultPermissions  json.RawMessage
	ShowStandardDialIn  bool // displayStandardDialInNumbersInInvite
	CustomDialInNumbers []DialIn
	IceCandidatesFilter []json.RawMessage // iceCandidatesToFilter
	Rooms               []json.RawMessage
	Raw                 json.RawMessage // data as it came
}

func parseAccount(data []byte) (Account, error) {
	f, err := parseFields(data)
	if err != nil || f.text("id") == "" {
		return Account{}, errors.New("an answer without an account id")
	}
	return Account{
		ID:                  f.text("id"),
		Name:                f.text("name"),
		Type:                f.text("accountType"),
		PaidUntil:           f.instant("paidUntil"),
		Meetings:            f.integer("numberOfMeetings"),
		Organizers:          f.integer("numberOfMeetingOrganizers"),
		MeetingRooms:        f.integer("numberOfMeetingRooms"),
		CanAddOrganizer:     f.boolean("canAddMeetingOrganizer"),
		AutoExtend:          f.boolean("autoExtendMeetings"),
		AutoDeleteAfterDays: f.integer("autoDeleteMeetingsAfterXDays"),
		DefaultType:         f.text("defaultMeetingType"),
		DefaultDialin:       f.boolean("defaultMeetingHasDialin"),
		DefaultRecorded:     f.boolean("defaultMeetingHasRecording"),
		DefaultPermissions:  f.raw("defaultMeetingPermissions"),
		ShowStandardDialIn:  f.boolean("displayStandardDialInNumbersInInvite"),
		CustomDialInNumbers: parseDialIns(f.list("customDialInNumbers")),
		IceCandidatesFilter: f.list("iceCandidatesToFilter"),
		Rooms:               f.list("accountRooms"),
		Raw:                 data,
	}, nil
}

// A User is a meeting organizer. Printed or logged it shows its id only: ICSToken and ICSPath are secrets.
type User struct {
	ID                  string
	Email               string
	FirstName           string
	LastName            string
	ExternalUserID      string
	Language            string // preferredLanguage, "en"
	TimeZone            string // IANA name
	AdditionalTimeZones []string
	ICSToken            string
	ICSPath             string          // for Client.Feed
	Raw                 json.RawMessage // as it came, without the token
}

// parseUsers reads the admins of an account, an array. An item without an id is left out; none at all is no answer.
func parseUsers(data []byte) ([]User, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, errors.New("an answer that is not a list of users")
	}
	var users []User
	for _, item := range items {
		if f, err := parseFields(item); err == nil && f.text("id") != "" {
			users = append(users, parseUser(f, item))
		}
	}
	if len(users) == 0 {
		return nil, errors.New("an answer without a user")
	}
	return users, nil
}

func parseUser(f fields, data []byte) User {
	path := f.text("icsPath")
	token := f.text("icsToken")
	if fromPath, err := feedToken(path); err == nil {
		data = without(data, fromPath)
	} else {
		path = "" // nothing that Feed would ask for
	}
	return User{
		ID:                  f.text("id"),
		Email:               f.text("email"),
		FirstName:           f.text("firstName"),
		LastName:            f.text("lastName"),
		ExternalUserID:      f.text("externalUserId"),
		Language:            f.text("preferredLanguage"),
		TimeZone:            f.text("timezone"),
		AdditionalTimeZones: f.texts("additionalTimezones"),
		ICSToken:            token,
		ICSPath:             path,
		Raw:                 without(data, token),
	}
}

// String, GoString and LogValue keep secrets and people's names out of logs.
func (u User) String() string       { return fmt.Sprintf("user %s", u.ID) }
func (u User) GoString() string     { return u.String() }
func (u User) LogValue() slog.Value { return slog.StringValue(u.String()) }
