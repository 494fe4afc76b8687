package meetingapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// fields is a JSON object that is read field by field. The platform's types are loose (60 goes out and "60" comes
// back), so a field of an unexpected type is empty, and costs neither the others nor the answer.
type fields map[string]json.RawMessage

func parseFields(data []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("null")
	}
	return f, nil
}

func isNull(data json.RawMessage) bool {
	return len(data) == 0 || bytes.Equal(data, []byte("null"))
}

// text returns a string, or a number or boolean as it is written; "" for anything else. It is one line: what goes into events
// and logs must not begin another.
func (f fields) text(name string) string { return oneLine(scalar(f[name])) }

// lines returns a string as it came, but for control characters other than line ends.
func (f fields) lines(name string) string {
	all := strings.Split(strings.ReplaceAll(scalar(f[name]), "\r\n", "\n"), "\n")
	for i := range all {
		all[i] = oneLine(all[i])
	}
	return strings.Join(all, "\n")
}

// oneLine puts a space in the place of control characters and line ends. It takes nothing away, so that an id stays as unusable
// as it was.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

func scalar(raw json.RawMessage) string {
	if isNull(raw) {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s) // it is well-formed: the object was
		return s
	case '{', '[':
		return ""
	}
	return string(raw)
}

// integer returns a whole number, written as a number or as a string.
func (f fields) integer(name string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(f.text(name)), 64)
	if err != nil || n != float64(int32(n)) {
		return 0
	}
	return int(n)
}

// boolean returns whether a field is true, "true", 1 or "1".
func (f fields) boolean(name string) bool {
	b, err := strconv.ParseBool(f.text(name))
	return err == nil && b
}

// instant returns a time in UTC, the zero time where there is none.
func (f fields) instant(name string) time.Time {
	t, err := time.Parse(time.RFC3339, f.text(name))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// list returns the items of an array, nil for anything else.
func (f fields) list(name string) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(f[name], &items) != nil {
		return nil
	}
	return items
}

// texts returns those items of an array that are no objects or arrays themselves.
func (f fields) texts(name string) []string {
	var texts []string
	for _, item := range f.list(name) {
		if s := oneLine(scalar(item)); s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}

// raw returns a field as it came, nil for null.
func (f fields) raw(name string) json.RawMessage {
	if isNull(f[name]) {
		return nil
	}
	return f[name]
}

// minSecret is the length from which a text can be a secret. A shorter one would be found in everything.
const minSecret = 8

// A JSON string, and the colon where it is the name of a field.
var jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(\s*:)?`)

// without returns well-formed JSON with a secret taken out of its values, however it is escaped there, so that it can be kept.
func without(data []byte, secret string) json.RawMessage {
	if len(secret) < minSecret {
		return data
	}
	return jsonString.ReplaceAllFunc(data, func(literal []byte) []byte {
		var text string
		if json.Unmarshal(literal, &text) != nil || !strings.Contains(text, secret) { // not of a field's name, which has a colon
			return literal
		}
		clean, err := encode(strings.ReplaceAll(text, secret, "<secret>"))
		if err != nil {
			return []byte(`""`)
		}
		return clean
	})
}
