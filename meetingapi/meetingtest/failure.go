package meetingtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Codes of an older version of the API; the ones of version 6 are not documented.
const (
	codeExists  = -10
	codeInvalid = -4
	codeDenied  = -3
	codeSession = -2
)

// A refusal is a call that is not carried out.
type refusal struct {
	status  int
	code    int
	message string
}

func invalid(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, codeInvalid, fmt.Sprintf(format, args...)}
}

func forbidden(message string) *refusal {
	return &refusal{http.StatusForbidden, codeDenied, message}
}

func notFound(message string) *refusal {
	return &refusal{http.StatusNotFound, codeInvalid, message}
}

// FailureStyle says how a refusal looks. None of them is documented.
type FailureStyle int

const (
	FailStatus     FailureStyle = iota // HTTP status, and JSON with code and message
	FailCode                           // status 200 and a responseCode, a number
	FailCodeString                     // status 200 and a responseCode, a string
	FailNoData                         // status 200, responseCode 0, no data
	FailHTML                           // HTTP status, and a page for people
	FailEmpty                          // HTTP status, and nothing
)

// FailureStyles are all of them.
var FailureStyles = []FailureStyle{FailStatus, FailCode, FailCodeString, FailNoData, FailHTML, FailEmpty}

func (f FailureStyle) String() string {
	return [...]string{"status", "code", "code string", "no data", "html", "empty"}[f]
}

func (f FailureStyle) reply(r *refusal) reply {
	switch f {
	case FailCode:
		return envelope(http.StatusOK, r.code, r.message, nil)
	case FailCodeString:
		return envelope(http.StatusOK, strconv.Itoa(r.code), r.message, nil)
	case FailNoData:
		return envelope(http.StatusOK, 0, "", nil)
	case FailHTML:
		return page(r.status)
	case FailEmpty:
		return reply{status: r.status}
	}
	return envelope(r.status, r.code, r.message, nil)
}

// envelope is what every JSON answer comes in; code is a number or a string.
func envelope(status int, code any, message string, data any) reply {
	body, err := json.Marshal(struct {
		Code    any    `json:"responseCode"`
		Message string `json:"responseMessage,omitempty"`
		Data    any    `json:"data,omitempty"`
	}{code, message, data})
	if err != nil {
		panic(fmt.Sprintf("meetingtest: %v", err)) // of Knobs.DialIns: nothing else can be unfit
	}
	return reply{status: status, contentType: "application/json", body: body}
}

// page is what a proxy shows to people.
func page(status int) reply {
	text := fmt.Sprintf("<!DOCTYPE html><html><body><h1>%d %s</h1></body></html>\n", status, http.StatusText(status))
	return reply{status: status, contentType: "text/html", body: []byte(text)}
}
