package meetingtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// trialPeriod is how long a trial account is paid for, whatever was asked.
const trialPeriod = 14 * 24 * time.Hour

// An Account is an account of the platform. Meeting calls after PaidUntil are refused.
type Account struct {
	ID        string
	Name      string
	Type      string
	PaidUntil time.Time
}

type account struct {
	Account
	roomID string
}

// A User is a meeting organizer.
type User struct {
	ID        string
	AccountID string
	Email     string
	FirstName string
	LastName  string
	Language  string // default en
	TimeZone  string // default Options.TimeZone
	ICSToken  string
}

// ICSPath is the path of the user's feed.
func (u User) ICSPath() string { return "/api/v6/meeting/calender/user/" + u.ICSToken }

// AddAccount makes an account with its first organizer, paid for ten years. Of u, Email, FirstName, LastName, Language and
// TimeZone count. Where the address is known already, what is there is returned.
func (s *Server) AddAccount(u User) (Account, User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.userByEmail(u.Email); known != nil {
		return s.accountByID(known.AccountID).Account, *known
	}
	a := s.newAccount(u.Email, "standard", s.now().AddDate(10, 0, 0))
	return a.Account, *s.newUser(a.ID, u)
}

// AddUser makes a further organizer of an account, as AddAccount does.
func (s *Server) AddUser(accountID string, u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.userByEmail(u.Email); known != nil {
		return *known
	}
	return *s.newUser(accountID, u)
}

// AddAccountKey makes an account-level key: it reaches the meetings of that account only.
func (s *Server) AddAccountKey(accountID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := "account-key-" + accountID
	s.keys[key] = accountID
	return key
}

// RemoveKey makes a key invalid, as when an admin renews it.
func (s *Server) RemoveKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, key)
}

// Expire ends what an account has paid for.
func (s *Server) Expire(accountID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accountByID(accountID).PaidUntil = s.now()
}

func (s *Server) newAccount(name, kind string, paidUntil time.Time) *account {
	a := &account{Account: Account{ID: s.nextID(), Name: name, Type: kind, PaidUntil: paidUntil}, roomID: s.nextID()}
	s.accounts = append(s.accounts, a)
	return a
}

func (s *Server) newUser(accountID string, u User) *User {
	u.ID, u.AccountID = s.nextID(), accountID
	u.ICSToken = token(u.ID)
	if u.Language == "" {
		u.Language = "en"
	}
	if u.TimeZone == "" {
		u.TimeZone = s.timeZone
	}
	s.users = append(s.users, &u)
	return &u
}

func (s *Server) accountByID(id string) *account {
	for _, a := range s.accounts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (s *Server) userByID(id string) *User {
	for _, u := range s.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}

func (s *Server) userByEmail(email string) *User {
	for _, u := range s.users {
		if strings.EqualFold(u.Email, email) {
			return u
		}
	}
	return nil
}

// createAccount is POST /account.
func (s *Server) createAccount(c caller, body []byte) (any, *refusal) {
	var r struct {
		SendPassword           bool
		AccountType            string
		AdminFirstname         string
		AdminLastname          string
		AdminEmail             string
		AdminPreferredLanguage string
		PaidUntil              instant
	}
	switch refused := read(body, &r, accountRequest); {
	case refused != nil:
		return nil, refused
	case c.account != "":
		return nil, forbidden("an account's key cannot create accounts")
	case s.userByEmail(r.AdminEmail) != nil:
		return nil, &refusal{http.StatusConflict, codeExists, "account already exists"}
	}
	if r.AccountType == "trial" {
		r.PaidUntil.Time = s.now().Add(trialPeriod)
	}
	a := s.newAccount(r.AdminEmail, r.AccountType, r.PaidUntil.Time)
	s.newUser(a.ID, User{
		Email: r.AdminEmail, FirstName: r.AdminFirstname, LastName: r.AdminLastname, Language: r.AdminPreferredLanguage,
	})
	if r.SendPassword {
		s.mails = append(s.mails, Mail{To: r.AdminEmail, About: "password"})
	}
	return a.answer(), nil
}

// answer has the fields of the tutorial, and its numbers: 0 organizers though one was made.
func (a *account) answer() map[string]any {
	return map[string]any{
		"name":                                 a.Name,
		"accountType":                          a.Type,
		"numberOfMeetings":                     0,
		"numberOfMeetingOrganizers":            0,
		"numberOfMeetingRooms":                 1,
		"paidUntil":                            instant{a.PaidUntil},
		"iceCandidatesToFilter":                []string{},
		"customDialInNumbers":                  []string{},
		"displayStandardDialInNumbersInInvite": true,
		"defaultMeetingPermissions":            nil,
		"defaultMeetingType":                   "standard",
		"defaultMeetingHasDialin":              false,
		"defaultMeetingHasRecording":           false,
		"autoExtendMeetings":                   false,
		"autoDeleteMeetingsAfterXDays":         360,
		"id":                                   a.ID,
		"canAddMeetingOrganizer":               true,
		"accountRooms":                         []string{},
	}
}

// admins is GET /account/admin/{id}: the first organizer of the account.
func (s *Server) admins(c caller, accountID string) (any, *refusal) {
	switch {
	case s.accountByID(accountID) == nil:
		return nil, notFound("no such account")
	case c.account != "" && c.account != accountID:
		return nil, forbidden("the key is for another account")
	}
	for _, u := range s.users {
		if u.AccountID == accountID {
			return []map[string]any{u.answer()}, nil
		}
	}
	return json.RawMessage("[]"), nil
}

func (u *User) answer() map[string]any {
	return map[string]any{
		"email":               u.Email,
		"firstName":           u.FirstName,
		"lastName":            u.LastName,
		"externalUserId":      nil,
		"preferredLanguage":   u.Language,
		"timezone":            u.TimeZone,
		"additionalTimezones": []string{},
		"id":                  u.ID,
		"icsToken":            u.ICSToken,
		"icsPath":             u.ICSPath(),
	}
}
