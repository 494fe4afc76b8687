package meetingapi

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// An answer is the platform's envelope, {"responseCode": 0, "data": …}, or what came in its place.
type answer struct {
	isJSON  bool // an object, complete
	isEmpty bool
	isHTML  bool
	code    string // responseCode, a number or a string; "" when there is none
	message string
	data    json.RawMessage // nil when it is missing or null
}

// parseAnswer reads a complete body. It accepts anything; the fields tell what it was.
func parseAnswer(body []byte) answer {
	body = bytes.TrimSpace(body)
	f, err := parseFields(body)
	if err != nil {
		return answer{isEmpty: len(body) == 0, isHTML: bytes.HasPrefix(body, []byte("<"))}
	}
	a := answer{isJSON: true, code: f.text("responseCode"), data: f["data"]}
	if n, err := strconv.ParseFloat(a.code, 64); err == nil && n == float64(int64(n)) {
		a.code = strconv.FormatInt(int64(n), 10)
	}
	for _, name := range []string{"responseMessage", "message", "error"} {
		if a.message == "" {
			a.message = scalar(f[name]) // say quotes it
		}
	}
	if isNull(a.data) {
		a.data = nil
	}
	return a
}

// failed reports that the envelope itself says so. Where there is no responseCode, the data decides.
func (a answer) failed() bool { return a.code != "" && a.code != "0" }

// say describes an answer that is no success; scrub takes secrets out of foreign text.
func (a answer) say(scrub func(string) string) string {
	switch {
	case a.message != "":
		return quote(scrub(a.message))
	case a.isEmpty:
		return "an empty answer"
	case a.isHTML:
		return "a page for people (HTML) instead of an answer; check platform.url"
	case !a.isJSON:
		return "an answer that is not JSON, or not all of it; check platform.url"
	case a.failed():
		return ""
	}
	return "an answer without data"
}
