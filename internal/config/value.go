package config

import (
	"errors"
	"fmt"
	"math"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// The functions of this file turn one TOML value into a typed one. Their errors continue the sentence that begins
// with key and value, and never repeat the value: it might be secret.

func text(raw any) (string, error) {
	s, ok := raw.(string)
	if !ok {
		return "", errNotString(raw)
	}
	if s == "" {
		return "", errors.New("must not be empty")
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "", errors.New("must not hold control characters or line ends")
	}
	if strings.TrimSpace(s) != s {
		return "", errors.New("must not begin or end with a space")
	}
	return s, nil
}

// prose accepts a text of several lines, which end in \n; the last one needs no end.
func prose(raw any) (string, error) {
	s, ok := raw.(string)
	if !ok {
		return "", errNotString(raw)
	}
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return "", errors.New("must not hold control characters, except line ends")
	}
	return s, nil
}

// optional makes "" the same as leaving the key out.
func optional[T any](parse func(any) (T, error)) func(any) (T, error) {
	return func(raw any) (value T, err error) {
		if raw == "" {
			return value, nil
		}
		return parse(raw)
	}
}

// once refuses a value that it has returned before.
func once(parse func(any) (string, error)) func(any) (string, error) {
	seen := map[string]bool{}
	return func(raw any) (string, error) {
		s, err := parse(raw)
		if err == nil && seen[s] {
			err = errors.New("is there twice")
		}
		seen[s] = true
		return s, err
	}
}

func boolean(raw any) (bool, error) {
	b, ok := raw.(bool)
	if !ok {
		return false, fmt.Errorf("must be true or false, without quotes, not %s", kind(raw))
	}
	return b, nil
}

func duration(raw any) (time.Duration, error) {
	s, ok := raw.(string)
	if !ok {
		return 0, fmt.Errorf(`must be a duration in quotes, such as "90s", "10m" or "2h", not %s`, kind(raw))
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New(`is not a duration, such as "90s", "10m" or "2h"`)
	}
	if d < 0 {
		return 0, errors.New("must not be negative")
	}
	return d, nil
}

// atMost accepts a duration up to most.
func atMost(most time.Duration) func(any) (time.Duration, error) {
	return func(raw any) (time.Duration, error) {
		d, err := duration(raw)
		if err == nil && d > most {
			err = fmt.Errorf("must be at most %gh", most.Hours())
		}
		return d, err
	}
}

// count accepts a whole number between least and most.
func count(least, most int) func(any) (int, error) {
	return func(raw any) (int, error) {
		n, ok := raw.(int64)
		if !ok {
			return 0, fmt.Errorf("must be a whole number, without quotes, not %s", kind(raw))
		}
		if n < int64(least) || n > int64(most) {
			return 0, fmt.Errorf("must be between %d and %d", least, most)
		}
		return int(n), nil
	}
}

// maxRate is far above what a platform without published limits should be asked.
const maxRate = 1000

// rate accepts a number above 0, with or without a fraction.
func rate(raw any) (float64, error) {
	var f float64
	switch n := raw.(type) {
	case int64:
		f = float64(n)
	case float64:
		f = n
	default:
		return 0, fmt.Errorf("must be a number, without quotes, not %s", kind(raw))
	}
	if math.IsNaN(f) || f <= 0 || f > maxRate {
		return 0, fmt.Errorf("must be above 0 and at most %d", maxRate)
	}
	return f, nil
}

func oneOf[T ~string](values ...T) func(any) (T, error) {
	return func(raw any) (T, error) {
		s, ok := raw.(string)
		if !ok {
			return "", errNotString(raw)
		}
		names := make([]string, len(values))
		for i, v := range values {
			if s == string(v) {
				return v, nil
			}
			names[i] = string(v)
		}
		return "", errors.New("must be one of " + strings.Join(names, ", "))
	}
}

// email accepts a bare address and returns it in lower case.
func email(raw any) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", err
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || !strings.Contains(s, "@") {
		return "", errors.New("is not an e-mail address, such as alice@example.com")
	}
	return strings.ToLower(s), nil
}

func timezone(raw any) (*time.Location, error) {
	s, err := text(raw)
	if err != nil {
		return nil, err
	}
	if s == "Local" {
		return nil, errors.New("must not depend on the machine: name the zone")
	}
	zone, err := time.LoadLocation(s)
	if err != nil {
		return nil, errors.New("is not a time zone of the IANA database, such as Europe/Berlin")
	}
	return zone, nil
}

// languageTag is the shape of a BCP 47 tag; the platform's own "de_CH" passes as well.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// language accepts one that there are words in.
func (r *reader) language(raw any) (string, error) {
	s, err := text(raw)
	switch {
	case err != nil:
	case !languageTag.MatchString(s):
		err = errors.New("is not a language tag, such as en, de or pt-BR")
	case r.words != nil && !r.words.Has(s):
		err = fmt.Errorf("there are words for %s only; for another language add %s.txt to details.templates", strings.Join(r.words.Languages(), ", "), s)
	}
	return s, err
}

var identifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// platformID accepts an internal ID of the platform: 24 hexadecimal digits in all examples, but not promised.
// It goes into paths and headers.
func platformID(raw any) (string, error) {
	s, err := text(raw)
	if err == nil && !identifier.MatchString(s) {
		err = errors.New("is not an ID of the platform, such as 5e9459c5b863b82cefdddf4e")
	}
	return s, err
}

// marker accepts one word. A colon would begin a preset, a comma or semicolon cannot stand in CATEGORIES.
func marker(raw any) (string, error) {
	s, err := text(raw)
	if err == nil && (strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsAny(s, `:,;\`)) {
		err = errors.New(`must be one word, without : , ; and \`)
	}
	return s, err
}

func errNotString(raw any) error {
	return fmt.Errorf("must be a text in quotes, not %s", kind(raw))
}

// kind names the type of a TOML value.
func kind(raw any) string {
	switch raw.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case time.Time:
		return "a date"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "an array of tables"
	default:
		return "a list"
	}
}
