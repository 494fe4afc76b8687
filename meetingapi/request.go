package meetingapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// timeLayout is how the platform writes a time: UTC, ISO 8601 with milliseconds and Z.
const timeLayout = "2006-01-02T15:04:05.000Z"

// An AccountRequest asks for an account with its first meeting organizer. Every field is sent.
type AccountRequest struct {
	SendPassword bool   // the platform mails a password to the organizer
	Type         string // accountType; the tutorial knows "trial"
	FirstName    string
	LastName     string
	Email        string
	Language     string    // adminPreferredLanguage, "en"
	PaidUntil    time.Time // required; for a trial the platform puts its own date
}

// JSON returns the body that CreateAccount sends.
func (r AccountRequest) JSON() ([]byte, error) {
	switch {
	case r.Email == "":
		return nil, errors.New("the e-mail address is missing")
	case r.Type == "":
		return nil, errors.New("the account type is missing")
	}
	paidUntil, err := formatTime(r.PaidUntil)
	if err != nil {
		return nil, fmt.Errorf("paid until: %w", err)
	}
	return encode(struct {
		SendPassword bool   `json:"sendPassword"`
		AccountType  string `json:"accountType"`
		FirstName    string `json:"adminFirstname"`
		LastName     string `json:"adminLastname"`
		Email        string `json:"adminEmail"`
		Language     string `json:"adminPreferredLanguage"`
		PaidUntil    string `json:"paidUntil"`
	}{r.SendPassword, r.Type, r.FirstName, r.LastName, r.Email, r.Language, paidUntil})
}

// A MeetingRequest is what a meeting is created with, and what an update replaces all of it by. Nobody is ever invited
// by it and it never recurs: calendars do both.
type MeetingRequest struct {
	Topic        string
	Start, End   time.Time // any zone; sent in UTC, to the millisecond
	Type         string    // "standard" is the only documented one; passed through
	Recorded     bool
	Dialin       bool
	PermissionID string // "" is sent as null
	Agenda       string // not documented for requests: "" leaves the field out
}

// JSON returns the body that CreateMeeting (id "") or UpdateMeeting sends. The duration is in minutes, rounded up.
func (r MeetingRequest) JSON(id string) ([]byte, error) {
	start, errStart := formatTime(r.Start)
	end, errEnd := formatTime(r.End)
	switch {
	case errStart != nil:
		return nil, fmt.Errorf("start: %w", errStart)
	case errEnd != nil:
		return nil, fmt.Errorf("end: %w", errEnd)
	case r.End.Before(r.Start):
		return nil, errors.New("the end lies before the start")
	case r.Type == "":
		return nil, errors.New("the meeting type is missing")
	}
	body := meetingBody{
		Topic:               r.Topic,
		ID:                  id,
		StartTime:           start,
		EndTime:             end,
		Duration:            minutes(r.End.Sub(r.Start)),
		Type:                r.Type,
		IsRecorded:          r.Recorded,
		IsDialin:            r.Dialin,
		InvitedParticipants: []string{},
		Agenda:              r.Agenda,
	}
	if r.PermissionID != "" {
		body.MeetingPermissionID = &r.PermissionID
	}
	return encode(body)
}

// meetingBody has the fields in the tutorial's order.
type meetingBody struct {
	Topic               string   `json:"topic"`
	ID                  string   `json:"id,omitempty"`
	StartTime           string   `json:"startTime"`
	EndTime             string   `json:"endTime"`
	Duration            int64    `json:"duration"`
	Type                string   `json:"type"`
	IsRecurring         bool     `json:"isRecurring"`
	IsRecorded          bool     `json:"isRecorded"`
	IsDialin            bool     `json:"isDialin"`
	InvitedParticipants []string `json:"invitedParticipants"` // people must not be invited twice
	Recurring           struct{} `json:"recurring"`
	MeetingPermissionID *string  `json:"meetingPermissionId"`
	Agenda              string   `json:"agenda,omitempty"`
}

// minutes rounds up.
func minutes(d time.Duration) int64 {
	n := int64(d / time.Minute)
	if d%time.Minute > 0 {
		n++
	}
	return n
}

func formatTime(t time.Time) (string, error) {
	t = t.UTC()
	switch {
	case t.IsZero():
		return "", errors.New("the time is missing")
	case t.Year() < 1 || t.Year() > 9999:
		return "", fmt.Errorf("the year %d cannot be written", t.Year())
	}
	return t.Format(timeLayout), nil
}

// encode is json.Marshal without the escapes for HTML, so that what the ledger keeps can be read.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}
