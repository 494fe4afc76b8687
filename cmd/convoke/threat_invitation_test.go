package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest"
)

// invitations are events of somebody else that pretend to be alice's.
var invitations = map[string][]string{
	"plain":                        {"ORGANIZER:mailto:mallory@example.net", "ATTENDEE:mailto:alice@example.com"},
	"accepted":                     {"ORGANIZER:mailto:mallory@example.net", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com"},
	"as chair":                     {"ORGANIZER:mailto:mallory@example.net", "ATTENDEE;ROLE=CHAIR;PARTSTAT=ACCEPTED:mailto:alice@example.com"},
	"her name":                     {"ORGANIZER;CN=Alice Liddell:mailto:mallory@example.net"},
	"her address as name":          {"ORGANIZER;CN=alice@example.com:mailto:mallory@example.net"},
	"her URI as name":              {`ORGANIZER;CN="mailto:alice@example.com":mailto:mallory@example.net`},
	"sent by her":                  {`ORGANIZER;SENT-BY="mailto:alice@example.com":mailto:mallory@example.net`},
	"EMAIL of hers":                {"ORGANIZER;EMAIL=alice@example.com:mailto:mallory@example.net"},
	"DIR of hers":                  {`ORGANIZER;DIR="mailto:alice@example.com":mailto:mallory@example.net`},
	"X-parameter":                  {"ORGANIZER;X-ORACLE-EMAIL=alice@example.com:mailto:mallory@example.net"},
	"SCHEDULE-AGENT":               {"ORGANIZER;SCHEDULE-AGENT=NONE:mailto:mallory@example.net"},
	"longer domain":                {"ORGANIZER:mailto:alice@example.com.example.net"},
	"longer name":                  {"ORGANIZER:mailto:malice@example.com"},
	"plus":                         {"ORGANIZER:mailto:alice+x@example.com"},
	"two addresses":                {"ORGANIZER:mailto:alice@example.com,mallory@example.net"},
	"route":                        {"ORGANIZER:mailto:alice@example.com@example.net"},
	"percent":                      {"ORGANIZER:mailto:alice%40example.com@example.net"},
	"hfields":                      {"ORGANIZER:mailto:mallory@example.net?to=alice@example.com"},
	"cyrillic":                     {"ORGANIZER:mailto:аlice@example.com"},
	"full width":                   {"ORGANIZER:mailto:ａlice@example.com"},
	"dotless i":                    {"ORGANIZER:mailto:alıce@example.com"},
	"kelvin-like":                  {"ORGANIZER:mailto:alice@eXample.coⓜ"},
	"soft hyphen":                  {"ORGANIZER:mailto:ali\u00adce@example.com"},
	"another scheme":               {"ORGANIZER:http://example.net/alice@example.com"},
	"principal":                    {"ORGANIZER:/principals/mallory/", "ATTENDEE:/principals/alice/"},
	"urn":                          {"ORGANIZER:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1"},
	"no organizer, an attendee":    {"ATTENDEE:mailto:alice@example.com"},
	"no organizer, attendees":      {"ATTENDEE:mailto:bob@example.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:alice@example.com"},
	"empty organizer":              {"ORGANIZER:", "ATTENDEE:mailto:alice@example.com"},
	"blank organizer":              {"ORGANIZER: ", "ATTENDEE:mailto:alice@example.com"},
	"two organizers, mallory's":    {"ORGANIZER:mailto:mallory@example.net", "ORGANIZER:mailto:alice@example.com"},
	"folded":                       {"ORGANIZER:mailto:mallory@example.n\r\n et"},
	"lower-case property":          {"organizer:mailto:mallory@example.net"},
	"with a group":                 {"item1.ORGANIZER:mailto:mallory@example.net", "item1.ATTENDEE:mailto:alice@example.com", "ATTENDEE:mailto:alice@example.com"},
	"organizer in an alarm":        {"ATTENDEE:mailto:alice@example.com\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT0S\r\nORGANIZER:mailto:alice@example.com\r\nEND:VALARM"},
	"marker in location":           {"ORGANIZER:mailto:mallory@example.net", "LOCATION:@meet"},
	"marker everywhere":            {"ORGANIZER:mailto:mallory@example.net", "LOCATION:@meet", "CATEGORIES:@meet", `DESCRIPTION:a\n@meet\nb`},
	"a preset":                     {"ORGANIZER:mailto:mallory@example.net", "SUMMARY:x @meet:record"},
	"a published calendar's":       {"ORGANIZER:mailto:mallory@example.net", "X-PUBLISHED-TTL:PT1H", "CLASS:PUBLIC"},
	"an event on behalf":           {`ORGANIZER;SENT-BY="mailto:alice@example.com";CN=Alice:mailto:mallory@example.net`, `ATTENDEE;DELEGATED-FROM="mailto:alice@example.com":mailto:mallory@example.net`},
	"a reply":                      {"ORGANIZER:mailto:mallory@example.net", "ATTENDEE;PARTSTAT=DECLINED:mailto:alice@example.com", "REQUEST-STATUS:2.0;Success"},
	"a series":                     {"ORGANIZER:mailto:mallory@example.net", "RRULE:FREQ=DAILY"},
	"a join link of the platform":  {"ORGANIZER:mailto:mallory@example.net", "LOCATION:" + joinStart + "1234-5678-9012-3456"},
	"a join link and no organizer": {"ATTENDEE:mailto:alice@example.com", "URL:" + joinStart + "1234-5678-9012-3456"},
}

// disguised is an invitation whose override says that it is alice's.
func disguised(uid string) string {
	start := time.Now().UTC().AddDate(0, 0, 2).Format("20060102T150000Z")
	override := fmt.Sprintf("END:VEVENT\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T080000Z\r\nRECURRENCE-ID:%s\r\nDTSTART:%[2]s\r\nDURATION:PT1H\r\n"+
		"SUMMARY:x @meet\r\nORGANIZER:mailto:alice@example.com\r\nEND:VEVENT", uid, start)
	return strings.Replace(booked(uid, "ORGANIZER:mailto:mallory@example.net", "RRULE:FREQ=DAILY"), "END:VEVENT", override, 1)
}

// Whoever can send alice an invitation can put text into her calendar. None of it makes a meeting, in no mode, at once or when it
// is changed later on, and the event stays as it is, byte for byte. What she books herself gets its meeting.
func TestThreatInvitationFromOutside(t *testing.T) {
	for _, mode := range []string{"marked", "attendees", "all"} {
		t.Run(mode, func(t *testing.T) {
			x := newTarget(t, fmt.Sprintf("[select]\nhorizon = \"0s\"\nmode = %q\nexisting = true\n[preset.record]\nrecorded = true\n", mode))
			sent := map[string]string{"override": disguised("override@example.net")}
			for name, lines := range invitations {
				uid := strings.NewReplacer(" ", "-", ",", "", "'", "").Replace(name) + "@example.net"
				sent[name] = booked(uid, lines...)
			}
			for name, data := range sent {
				x.put(name, data)
			}
			x.put("hers", booked("hers@example.com", "ORGANIZER:MAILTO:Alice@Example.com", "ATTENDEE:mailto:bob@example.com"))
			for range 2 {
				o := x.convoke("sync")
				require.Equal(t, exitDone, o.code, o.err)
				assert.Equal(t, 1, x.posts(), "hers alone: %s", o.out)
				assert.Contains(t, x.object("hers"), joinStart)
				for name, data := range sent {
					assert.Equal(t, data, x.object(name), name)
					sent[name] = strings.Replace(data, "END:VEVENT", "COMMENT:changed\r\nEND:VEVENT", 1)
					x.put(name, sent[name])
				}
			}
			x.publish("invitations from outside, mode "+mode, len(sent), 120, 10*time.Second)
		})
	}
}

// Who shares a calendar with alice, or says that he is her, has no meetings made on her behalf. The admin may want exactly that,
// by name.
func TestThreatEnrolmentBySharing(t *testing.T) {
	x := newTarget(t)
	x.configure("") // no calendar is named: those of her own
	x.dav.Set(caldavtest.User("mallory", "x", "alice@example.com", "mallory@example.net"), caldavtest.User("bob", "x", "bob@example.com"))
	payloads := 0
	for _, owner := range []string{"mallory", "bob"} {
		for _, writable := range []bool{true, false} {
			segment := fmt.Sprintf("trap-%v", writable)
			theirs := x.dav.AddCalendar(owner, segment, "Work of Alice")
			for name, lines := range map[string][]string{
				"nobody's":  nil,
				"alice's":   {"ORGANIZER:mailto:alice@example.com", "ATTENDEE:mailto:bob@example.com"},
				"his":       {"ORGANIZER:mailto:" + owner + "@example.com"},
				"with seal": {"X-CONVOKE;VALUE=TEXT:v1.5e9459c5.5e9459c5b863b82c00000001.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
			} {
				payloads++
				require.NoError(t, x.dav.Put(theirs+strings.ReplaceAll(name, " ", "-")+".ics", booked(name+segment+owner, lines...)))
			}
			require.NotEmpty(t, x.dav.Share(theirs, "alice", writable))
		}
	}
	x.put("hers", booked("hers@example.com"))
	o := x.convoke("sync")
	require.Equal(t, exitDone, o.code, o.err)
	assert.Contains(t, o.out, "1 created, 1 written")
	assert.Equal(t, 1, x.posts())
	for _, r := range x.davFront.take() {
		if r.Method == "REPORT" || r.Method == "GET" || r.Method == "PUT" {
			assert.True(t, strings.HasPrefix(r.URL.Path, x.dav.Calendar("alice", "work")), r.URL.Path)
		}
	}
	assert.NotContains(t, x.convoke("status").out, "Work of Alice")

	x.configure(`calendars = ["Work", "Work of Alice (bob)"]`)
	o = x.convoke("sync")
	assert.Contains(t, o.out, "2 created", "named by the admin: what nobody organizes, and what she does")
	x.publish("shared calendars", payloads, 120, 10*time.Second)
}
