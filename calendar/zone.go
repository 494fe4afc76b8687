package calendar

import (
	"fmt"
	"path"
	"slices"
	"strings"
	stdsync "sync"
	"time"
	_ "time/tzdata" // a minimal host has no zones of its own
)

// What working out an object's own VTIMEZONEs may cost: one that makes no sense can be made to take 0.1 s.
const (
	ownBudget  = 16
	costOfOwn  = 1
	costOfFail = 4
)

// unknownBudget is how many names that nobody knows are looked up in one object: each costs files and lists.
const unknownBudget = 64

// zones finds the zones that one object names.
type zones struct {
	doc   *document
	home  *time.Location
	mu    stdsync.Mutex // guards what follows: Event.Occurrences finds zones too
	found map[string]foundZone
	spent int // of ownBudget

	unknown int // names, of unknownBudget; behind that all new ones are unknown
}

type foundZone struct {
	loc  *time.Location
	note string
}

func newZones(doc *document, home *time.Location) *zones {
	return &zones{doc: doc, home: home, found: map[string]foundZone{}}
}

// locate finds the zone of a TZID: the IANA name, the same behind a vendor's prefix, a Windows name, the object's own
// VTIMEZONE, the name that Windows shows to people, the IANA name in another case, and last the home zone with a note.
func (z *zones) locate(tzid string) (*time.Location, string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if f, ok := z.found[tzid]; ok {
		return f.loc, f.note
	}
	var f foundZone
	if z.unknown < unknownBudget {
		f.loc = z.search(tzid)
	}
	if f.loc == nil {
		z.unknown++
		f = foundZone{z.home, fmt.Sprintf("unknown time zone %.80q, read as %s", tzid, z.home)}
	}
	z.found[tzid] = f
	return f.loc, f.note
}

func (z *zones) search(tzid string) *time.Location {
	for _, name := range zoneNames(tzid) {
		if loc := loadZone(name); loc != nil {
			return loc
		}
	}
	if name, ok := WindowsZone(tzid); ok {
		return loadZone(name)
	}
	if loc := z.ownZone(tzid); loc != nil {
		return loc
	}
	if name, ok := displayedZone(tzid); ok {
		return loadZone(name)
	}
	for _, name := range zoneNames(tzid) {
		if name = ianaZone(name); name != "" {
			return loadZone(name)
		}
	}
	return nil
}

// ownZone works out the object's VTIMEZONE of that TZID; nil when there is none that makes sense.
func (z *zones) ownZone(tzid string) *time.Location {
	for i, s := range z.doc.sections {
		if s.name != "VTIMEZONE" || s.parent != 0 {
			continue
		}
		l, _ := z.doc.first(i, "TZID")
		if strings.Trim(decodeText(l.value()), `" `) != tzid || z.spent >= ownBudget {
			continue
		}
		loc, err := readVTimezone(z.doc, i, tzid)
		if err == nil {
			z.spent += costOfOwn
			return loc
		}
		z.spent += costOfFail // no error: the event is read all the same, with a note that its zone is a guess
	}
	return nil
}

// zoneNames lists the names under which a TZID may be in the IANA database: as it is, and its last three and two parts:
// /freeassociation.sourceforge.net/Europe/Berlin.
func zoneNames(tzid string) []string {
	names := []string{tzid}
	parts := strings.Split(tzid, "/")
	for _, n := range []int{3, 2} {
		if len(parts) > n {
			names = append(names, strings.Join(parts[len(parts)-n:], "/"))
		}
	}
	if last := parts[len(parts)-1]; len(parts) > 1 && (last == "UTC" || last == "GMT") {
		names = append(names, last)
	}
	return names
}

// notZones are names that time.LoadLocation, or the host's database, takes for the zone of the host.
var notZones = []string{"", "LOCAL", "LOCALTIME", "POSIXRULES", "FACTORY"}

// loaded keeps the zones of the IANA database, some 600 at most: reading one from disk costs more than an event.
var loaded stdsync.Map // name → *time.Location

func loadZone(name string) *time.Location {
	if loc, ok := loaded.Load(name); ok {
		return loc.(*time.Location)
	}
	if slices.Contains(notZones, strings.ToUpper(name)) || path.Clean(name) != name { // Europe//Berlin would be kept once more
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loaded.Store(name, loc)
	return loc
}

// WindowsZone gives the IANA name for a time zone's name in Windows, such as "W. Europe Standard Time".
func WindowsZone(name string) (iana string, ok bool) {
	name = strings.TrimSpace(name)
	if z, ok := windowsZones[name]; ok {
		return z.iana, true
	}
	for key, z := range windowsZones {
		if strings.EqualFold(key, name) {
			return z.iana, true
		}
	}
	return "", false
}

// displayedZone gives the IANA name for what Windows shows to people: "(UTC+10:00) Canberra, Melbourne, Sydney". Older
// versions wrote GMT, so what stands in parentheses is not compared.
func displayedZone(name string) (iana string, ok bool) {
	cities := withoutOffset(name)
	for _, z := range windowsZones {
		if cities != "" && strings.EqualFold(withoutOffset(z.shown), cities) {
			return z.iana, true
		}
	}
	return "", false
}

func withoutOffset(shown string) string {
	if strings.HasPrefix(shown, "(") {
		_, shown, _ = strings.Cut(shown, ")")
	}
	return strings.TrimSpace(shown)
}
