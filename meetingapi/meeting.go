package meetingapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// A Meeting is what the platform answers with. Printed or logged it shows its id only: ICSToken is a secret.
type Meeting struct {
	ID       string // internal: goes into paths
	Number   string // meetingId, what people see: 9974-7653-8886-0485
	Topic    string
	Start    time.Time
	End      time.Time
	Duration time.Duration
	Type     string
	Agenda   string

	Dialin   bool // what was granted, which can be less than was asked
	Recorded bool

	IsActive   bool
	IsOpen     bool
	IsClosed   bool // the window is over, or it was closed
	DtClosedAt time.Time

	DialInNumbers        []DialIn
	DialInPin            string
	DialInConferenceRoom string
	SIPProxy             string
	SIPDomain            string

	IsRecurring         bool
	Recurring           json.RawMessage // stale defaults when IsRecurring is false
	InvitedParticipants []json.RawMessage
	Documents           []json.RawMessage
	PermissionID        string
	VideoResolution     string
	RoomID              string
	WhitelabelID        string
	AccountID           string
	AddedByUserID       string
	AddedByUserEmail    string
	AddedByUserName     string
	TimeZone            string // not the user's: never to be used
	PrivateDataVisible  bool
	ICalSequence        int
	ICSToken            string
	IsDemo              bool
	IsPromo             bool

	Raw json.RawMessage // data as it came, without the token
}

// ReadMeeting reads the data of an answer that was kept (Meeting.Raw).
func ReadMeeting(raw []byte) (Meeting, error) { return parseMeeting(raw) }

// parseChanged reads the answer to a change of a meeting. What it holds is not documented: whatever is there of the meeting is
// taken, and nothing is missed, but a word about another meeting is no answer.
func parseChanged(data []byte, id string) (Meeting, error) {
	f, err := parseFields(data)
	if err != nil {
		return Meeting{ID: id, Raw: data}, nil
	}
	if other := f.text("id"); other != "" && other != id {
		return Meeting{}, errors.New("an answer about another meeting")
	}
	m := meetingOf(f, data)
	m.ID = id
	return m, nil
}

// parseMeeting reads a meeting that was made.
func parseMeeting(data []byte) (Meeting, error) {
	f, err := parseFields(data)
	switch {
	case err != nil:
		return Meeting{}, errors.New("an answer without a meeting")
	case f.text("id") == "":
		return Meeting{}, errors.New("an answer without the meeting's id")
	case number(f) == "":
		return Meeting{}, errors.New("an answer without the meeting's number (meetingId)")
	case !idPattern.MatchString(f.text("id")):
		return Meeting{}, fmt.Errorf("an answer whose id cannot be used: %w", errID)
	}
	return meetingOf(f, data), nil
}

func number(f fields) string { return strings.TrimSpace(f.text("meetingId")) }

func meetingOf(f fields, data []byte) Meeting {
	return Meeting{
		ID:                   f.text("id"),
		Number:               number(f),
		Topic:                f.text("topic"),
		Start:                f.instant("startTime"),
		End:                  f.instant("endTime"),
		Duration:             time.Duration(f.integer("duration")) * time.Minute,
		Type:                 f.text("type"),
		Agenda:               f.lines("agenda"),
		Dialin:               f.boolean("isDialin"),
		Recorded:             f.boolean("isRecorded"),
		IsActive:             f.boolean("isActive"),
		IsOpen:               f.boolean("isOpen"),
		IsClosed:             f.boolean("isClosed"),
		DtClosedAt:           f.instant("dtClosedAt"),
		DialInNumbers:        parseDialIns(f.list("dialInNumbers")),
		DialInPin:            f.text("dialInPin"),
		DialInConferenceRoom: f.text("dialInConferenceRoom"),
		SIPProxy:             f.text("sipProxy"),
		SIPDomain:            f.text("sipDomain"),
		IsRecurring:          f.boolean("isRecurring"),
		Recurring:            f.raw("recurring"),
		InvitedParticipants:  f.list("invitedParticipants"),
		Documents:            f.list("documents"),
		PermissionID:         f.text("meetingPermissionId"),
		VideoResolution:      f.text("videoResolution"),
		RoomID:               f.text("roomId"),
		WhitelabelID:         f.text("whitelabelId"),
		AccountID:            f.text("accountId"),
		AddedByUserID:        f.text("addedByUserId"),
		AddedByUserEmail:     f.text("addedByUserEmail"),
		AddedByUserName:      f.text("addedByUserName"),
		TimeZone:             f.text("timezone"),
		PrivateDataVisible:   f.boolean("privateDataVisible"),
		ICalSequence:         f.integer("icalSequence"),
		ICSToken:             f.text("icsToken"),
		IsDemo:               f.boolean("isDemo"),
		IsPromo:              f.boolean("isPromo"),
		Raw:                  without(data, f.text("icsToken")),
	}
}

// String, GoString and LogValue keep the token and the topic out of logs.
func (m Meeting) String() string       { return fmt.Sprintf("meeting %s", m.ID) }
func (m Meeting) GoString() string     { return m.String() }
func (m Meeting) LogValue() slog.Value { return slog.StringValue(m.String()) }

// A DialIn is a telephone number that leads into a meeting.
type DialIn struct {
	Number string
	Label  string // a country or a place, where there is one
}

var phoneNumber = regexp.MustCompile(`\A\+?[0-9][0-9 ()./-]{2,30}\z`)

// maxDialIns is how many numbers are read; there may be one a country.
const maxDialIns = 300

// parseDialIns keeps what is understood. How an item looks is not documented: a string, or an object with a number.
func parseDialIns(items []json.RawMessage) []DialIn {
	var numbers []DialIn
	for _, item := range items[:min(len(items), maxDialIns)] {
		d := DialIn{Number: scalar(item)}
		if f, err := parseFields(item); err == nil {
			d.Number = f.first("number", "phoneNumber", "phone", "dialInNumber")
			d.Label = forPeople(f.first("label", "country", "city", "name", "description"))
		}
		if phoneNumber.MatchString(d.Number) {
			numbers = append(numbers, d)
		}
	}
	return numbers
}

// forPeople is a text for people without what ends its line, controls a terminal or turns its direction.
func forPeople(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
	}), " ")
}

// first returns the first of several fields that holds something.
func (f fields) first(names ...string) string {
	for _, name := range names {
		if s := f.text(name); s != "" {
			return s
		}
	}
	return ""
}
