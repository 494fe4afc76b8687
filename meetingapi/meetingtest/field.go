package meetingtest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// timeLayout is the documented form of a time.
const timeLayout = "2006-01-02T15:04:05.000Z"

// A field is a documented field of a request: its name, and what its value must look like.
type field struct {
	name    string
	want    string
	pattern *regexp.Regexp // of the JSON text
}

var (
	isBool         = regexp.MustCompile(`\A(true|false)\z`)
	isText         = regexp.MustCompile(`(?s)\A".*"\z`)
	isFilled       = regexp.MustCompile(`(?s)\A".+"\z`)
	isTextOrNull   = regexp.MustCompile(`(?s)\A(null|".+")\z`)
	isMinutes      = regexp.MustCompile(`\A[0-9]{1,9}\z`)
	isInstant      = regexp.MustCompile(`\A"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\z`)
	isList         = regexp.MustCompile(`(?s)\A\[.*\]\z`)
	isEmptyObject  = regexp.MustCompile(`\A\{\s*\}\z`)
	isFalse        = regexp.MustCompile(`\Afalse\z`)
	accountRequest = []field{
		{"sendPassword", "a boolean", isBool},
		{"accountType", "a string", isFilled},
		{"adminFirstname", "a string", isText},
		{"adminLastname", "a string", isText},
		{"adminEmail", "a string", isFilled},
		{"adminPreferredLanguage", "a string", isText},
		{"paidUntil", "a time", isInstant},
	}
	meetingRequest = []field{
		{"topic", "a string", isText},
		{"startTime", "a time", isInstant},
		{"endTime", "a time", isInstant},
		{"duration", "a number of minutes", isMinutes},
		{"type", "a string", isFilled},
		{"isRecurring", "false (recurrence is not documented)", isFalse},
		{"isRecorded", "a boolean", isBool},
		{"isDialin", "a boolean", isBool},
		{"invitedParticipants", "a list", isList},
		{"recurring", "an empty object (recurrence is not documented)", isEmptyObject},
		{"meetingPermissionId", "a string or null", isTextOrNull},
	}
	idField     = field{"id", "a string", isFilled}
	agendaField = field{"agenda", "a string", isText}
)

// read checks that a body is an object with exactly the documented fields, but for the optional ones, and reads it.
func read(body []byte, into any, documented []field, optional ...field) *refusal {
	var got map[string]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil || got == nil {
		return invalid("the body is not a JSON object")
	}
	for _, f := range documented {
		if _, ok := got[f.name]; !ok {
			return invalid("%s is missing", f.name)
		}
	}
	known := slices.Concat(documented, optional)
	for name, value := range got {
		i := slices.IndexFunc(known, func(f field) bool { return f.name == name })
		if i < 0 {
			return invalid("%s is not a known field", name)
		}
		if !known[i].pattern.Match(value) {
			return invalid("%s must be %s", name, known[i].want)
		}
	}
	if err := json.Unmarshal(body, into); err != nil {
		return invalid("the body cannot be read")
	}
	return nil
}

// An instant is a time as the platform writes it; the zero time is null.
type instant struct{ time.Time }

func (t instant) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(timeLayout) + `"`), nil
}

func (t *instant) UnmarshalJSON(data []byte) (err error) {
	t.Time, err = time.Parse(timeLayout, strings.Trim(string(data), `"`))
	return err
}
