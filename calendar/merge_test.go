package calendar_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
)

const (
	oldNumber = "1111-2222-3333-4444"
	seal      = "v1.01234567.5e9459c5b863b82cefdddf50.0.AAAA"
)

// earlierDetails are those that were written before testDetails.
func earlierDetails() calendar.Details {
	d := testDetails()
	d.JoinURL, d.Number, d.Heading = oldURL, oldNumber, "Réunion web"
	d.Lines = []string{"Rejoindre : " + oldURL, "Numéro : " + oldNumber}
	return d
}

// mergeDetails take the place of earlierDetails.
func mergeDetails() calendar.Details {
	d := testDetails()
	d.Replaces, d.OldNumbers, d.Base = []string{oldURL}, []string{oldNumber}, []string{earlierDetails().Block()}
	return d
}

// encoded writes a text as a value.
func encoded(s string) string {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, ";", `\;`, ",", `\,`).Replace(s)
}

const (
	earlierTwin = `<div class="convoke-meeting"><b>Réunion web</b><br>Rejoindre : <a href="` + oldURL + `">` + oldURL + `</a><br>Numéro : ` + oldNumber + `</div>`
	html        = "X-ALT-DESC;FMTTYPE=text/html:"
)

// anew is a text with the new link and number in the place of the old ones.
func anew(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, oldURL, joinURL), oldNumber, "9974-7653-8886-0485")
}

// TestWriteMerges has what the author made of an event that convoke had written into, and what a write makes of that.
func TestWriteMerges(t *testing.T) {
	earlier := encoded(earlierDetails().Block())
	edited := strings.Replace(earlier, "Rejoindre", "Venez tous\\, apportez le budget", 1)
	otherTwin := strings.Replace(earlierTwin, "Rejoindre", "Venez tous", 1)
	cases := []struct {
		name          string
		elsewhere     string // another property of the event
		before, after string
	}{
		{"as written", "", "DESCRIPTION:Hi\\n\\n" + earlier + "\\nBye", "DESCRIPTION:Hi\\n\\n" + block + "\\nBye"},
		{"white space at line ends", "", "DESCRIPTION:" + strings.ReplaceAll(earlier, `\n`, ` \n`) + "  ", "DESCRIPTION:" + block},
		{"a word changed", "", "DESCRIPTION:" + edited, "DESCRIPTION:" + anew(edited)},
		{"a line added", "", "DESCRIPTION:" + strings.Replace(earlier, `\nNum`, `\nParking: niveau 2\nNum`, 1), "DESCRIPTION:" + anew(strings.Replace(earlier, `\nNum`, `\nParking: niveau 2\nNum`, 1))},
		{"a line deleted", "", "DESCRIPTION:" + strings.Replace(earlier, `\nNuméro : `+oldNumber, "", 1), "DESCRIPTION:" + anew(strings.Replace(earlier, `\nNuméro : `+oldNumber, "", 1))},
		{"the rulers deleted", "", "DESCRIPTION:Rejoindre : " + oldURL + "\\nNuméro : " + oldNumber, "DESCRIPTION:Rejoindre : " + joinURL + "\\nNuméro : 9974-7653-8886-0485"},
		{"the link twice in what he changed", "", "DESCRIPTION:" + strings.Replace(edited, "Num", oldURL+"\\nNum", 1), "DESCRIPTION:" + anew(strings.Replace(edited, "Num", oldURL+"\\nNum", 1))},
		{"his own text around names both", "", "DESCRIPTION:Come to " + oldURL + " (" + oldNumber + ")\\n\\n" + earlier, "DESCRIPTION:Come to " + joinURL + " (9974-7653-8886-0485)\\n\\n" + block},
		{"the old number in another link", "", "DESCRIPTION:https://notes.example.com/" + oldNumber + "\\n" + earlier, "DESCRIPTION:https://notes.example.com/" + oldNumber + "\\n" + block},
		{"the old number in a longer one", "", "DESCRIPTION:Order 7-" + oldNumber + "-8\\n" + earlier, "DESCRIPTION:Order 7-" + oldNumber + "-8\\n" + block},
		{"twice as written", "", "DESCRIPTION:" + earlier + "\\n\\n" + earlier, "DESCRIPTION:" + block},
		{"as written below one that he changed", "", "DESCRIPTION:" + edited + "\\n\\n" + earlier, "DESCRIPTION:" + anew(edited) + "\\n\\n" + block},
		{"as written below the present one", "", "DESCRIPTION:" + block + "\\n\\n" + earlier, "DESCRIPTION:" + block},

		{"block deleted, link in LOCATION", "LOCATION:" + oldURL, "DESCRIPTION:Agenda", "DESCRIPTION:Agenda"},
		{"block deleted, link in URL", "URL:" + joinURL, "DESCRIPTION:Agenda", "DESCRIPTION:Agenda"},
		{"description deleted, link in CONFERENCE", "CONFERENCE:" + joinURL, "DESCRIPTION:", "DESCRIPTION:"},
		{"no trace left", "", "DESCRIPTION:Agenda", "DESCRIPTION:Agenda\\n\\n" + block},
		{"deleted, and asked for again", "LOCATION:" + oldURL, "DESCRIPTION:Agenda\\n@meet", "DESCRIPTION:Agenda\\n" + block},
		{"link cut out of the block, and in LOCATION", "LOCATION:" + oldURL, "DESCRIPTION:" + strings.Replace(earlier, oldURL, "", 1), "DESCRIPTION:" + anew(strings.Replace(earlier, oldURL, "", 1))},
		{"link cut out of the block, and nowhere else", "", "DESCRIPTION:" + strings.Replace(earlier, oldURL, "", 1), "DESCRIPTION:" + block},

		{"location: taken out, link in the text", "DESCRIPTION:" + block, "LOCATION:Room 12", "LOCATION:Room 12"},
		{"location: taken out, and asked for again", "DESCRIPTION:" + block, "LOCATION:Room 12 @meet", "LOCATION:Room 12 " + joinURL},
		{"location: no trace left", "", "LOCATION:Room 12", "LOCATION:Room 12\\, " + joinURL},
		{"location: old link", "", "LOCATION:Room 12\\, " + oldURL, "LOCATION:Room 12\\, " + joinURL},

		{"html: as written", "", html + "<p>a</p>" + earlierTwin + "<p>b</p>", html + "<p>a</p>" + twin + "<p>b</p>"},
		{"html: written in another way", "", html + `<DIV CLASS='x_convoke-meeting'><p><strong>Réunion&nbsp\;web</strong></p>\n<!-- x --><p>Rejoindre :  <a  href="` + oldURL + `"><span>` + oldURL + `</span></a></p><p>Num&eacute\;ro : ` + oldNumber + `</p></DIV>b`, html + twin + "b"},
		{"html: a word changed", "", html + otherTwin, html + anew(otherTwin)},
		{"html: an image added", "", html + strings.Replace(earlierTwin, "</div>", `<img src="map.png"></div>`, 1), html + anew(strings.Replace(earlierTwin, "</div>", `<img src="map.png"></div>`, 1))},
		{"html: a link added", "", html + strings.Replace(earlierTwin, "Rejoindre", `<a href="https://example.com/">Rejoindre</a>`, 1), html + anew(strings.Replace(earlierTwin, "Rejoindre", `<a href="https://example.com/">Rejoindre</a>`, 1))},
		{"html: the number in a tag", "", html + `<p title="` + oldNumber + `">` + oldNumber + "</p>" + otherTwin, html + `<p title="` + oldNumber + `">9974-7653-8886-0485</p>` + anew(otherTwin)},
		{"html: twice as written", "", html + earlierTwin + "<p>a</p>" + earlierTwin, html + twin + "<p>a</p>"},
		{"html: block deleted, link in LOCATION", "LOCATION:" + oldURL, html + "<p>a</p>", html + "<p>a</p>"},
		{"html: deleted, and asked for again", "LOCATION:" + oldURL, html + "<p>a</p><p>@meet</p>", html + "<p>a</p><p></p>" + twin},
		{"html: no trace left", "", html + "<p>a</p>", html + "<p>a</p>" + twin},
		{"html: link cut out of the block, and nowhere else", "", html + strings.ReplaceAll(earlierTwin, oldURL, ""), html + twin},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			property, _, _ := strings.Cut(strings.SplitN(c.after, ":", 2)[0], ";")
			data := event(c.before)
			if c.elsewhere != "" {
				data = event(c.before, c.elsewhere)
			}
			after, err := parse(t, data).Write(mergeDetails())
			require.NoError(t, err)
			assert.Equal(t, []string{c.after}, propertyLines(after, property))
			again, err := parse(t, after).Write(mergeDetails())
			require.NoError(t, err)
			assert.Equal(t, string(after), string(again), "a second Write")
			erased, err := parse(t, after).Erase(mergeDetails())
			require.NoError(t, err)
			assert.False(t, parse(t, erased).Components[0].Shows(joinURL))
		})
	}
}

// TestWriteChangesTheLanguage writes the same meeting in other words.
func TestWriteChangesTheLanguage(t *testing.T) {
	before := write(t, testDetails(), event("DESCRIPTION:See "+joinURL, html+"<p>a</p>"), "DESCRIPTION")
	require.Equal(t, []string{"DESCRIPTION:See " + joinURL}, before, "the link is there already")

	data, err := parse(t, event("DESCRIPTION:a", html+"<p>a</p>")).Write(testDetails())
	require.NoError(t, err)
	d := testDetails()
	d.Heading, d.Lines, d.Base = "Réunion web", []string{"Rejoindre : " + joinURL}, []string{testDetails().Block()}
	assert.Equal(t, []string{"DESCRIPTION:a\\n\\n" + encoded(d.Block())}, write(t, d, data, "DESCRIPTION"))
	assert.Equal(t, []string{html + `<p>a</p><div class="convoke-meeting"><b>Réunion web</b><br>Rejoindre : <a href="` + joinURL + `">` + joinURL + `</a></div>`},
		write(t, d, data, "X-ALT-DESC"))

	edited := strings.Replace(string(data), "Join:", "Come:", 1)
	assert.Equal(t, propertyLines([]byte(edited), "DESCRIPTION"), write(t, d, []byte(edited), "DESCRIPTION"), "changed by the author")
	linked := strings.Replace(string(data), "DESCRIPTION:a", "DESCRIPTION:See "+joinURL, 1)
	assert.Equal(t, []string{"DESCRIPTION:See " + joinURL + "\\n\\n" + encoded(d.Block())}, write(t, d, []byte(linked), "DESCRIPTION"), "the link stands above the block too")
}

// TestWriteMergesThunderbird: the HTML in ALTREP follows the text.
func TestWriteMergesThunderbird(t *testing.T) {
	data, err := parse(t, load(t, "thunderbird-altrep.ics")).Write(earlierDetails())
	require.NoError(t, err)
	want, err := parse(t, load(t, "thunderbird-altrep.ics")).Write(testDetails())
	require.NoError(t, err)
	assert.Equal(t, propertyLines(want, "DESCRIPTION"), write(t, mergeDetails(), data, "DESCRIPTION"))
}

func TestBlock(t *testing.T) {
	d := testDetails()
	assert.Equal(t, "-------- Web meeting --------\nJoin: "+joinURL+"\nMeeting number: 9974-7653-8886-0485\n-----------------------------", d.Block())
	assert.Equal(t, d.Block(), parse(t, mustWrite(t, d, event())).Components[0].Description, "what Write puts in")
}

func mustWrite(t testing.TB, d calendar.Details, data []byte) []byte {
	t.Helper()
	after, err := parse(t, data).Write(d)
	require.NoError(t, err)
	return after
}

func TestWriteOnly(t *testing.T) {
	data := load(t, "series-with-override.ics")
	d := testDetails()
	d.Only = func(c *calendar.Component) bool { return c.RecurrenceID != "" }
	after := mustWrite(t, d, data)
	e := parse(t, after)
	assert.False(t, e.Components[0].Shows(joinURL), "the master")
	assert.Empty(t, e.Components[0].Seal)
	assert.True(t, e.Components[1].Shows(joinURL), "the override")
	assert.Equal(t, seal, e.Components[1].Seal)

	everywhere := mustWrite(t, testDetails(), data)
	erased, err := parse(t, everywhere).Erase(d)
	require.NoError(t, err)
	e = parse(t, erased)
	assert.True(t, e.Components[0].Shows(joinURL), "the master")
	assert.False(t, e.Components[1].Shows(joinURL), "the override")

	d.Only = func(*calendar.Component) bool { return false }
	assert.Equal(t, string(data), string(mustWrite(t, d, data)), "none")
}

func TestWriteKeepsLocation(t *testing.T) {
	d := mergeDetails()
	d.KeepLocation = true
	for _, location := range []string{"LOCATION:Room 5", "LOCATION:@meet", "LOCATION:" + oldURL} {
		after := mustWrite(t, d, event(location, "DESCRIPTION:a"))
		assert.Equal(t, []string{location}, propertyLines(after, "LOCATION"))
		assert.Equal(t, []string{"DESCRIPTION:a\\n\\n" + block}, propertyLines(after, "DESCRIPTION"), "an old link in LOCATION is no trace")
	}
	assert.Empty(t, write(t, d, event(), "LOCATION"))
	kept := mustWrite(t, d, event("LOCATION:"+joinURL, "DESCRIPTION:a"))
	assert.Equal(t, []string{"DESCRIPTION:a"}, propertyLines(kept, "DESCRIPTION"), "a trace of the present link")
	assert.Empty(t, erase(t, d, kept, "LOCATION"), "Erase takes the link out everywhere")
}

// TestWriteSettlesAtOnce puts together what may stand in a description: a second write never changes anything, and Erase
// leaves no link, whatever the ledger knows.
func TestWriteSettlesAtOnce(t *testing.T) {
	earlier := encoded(earlierDetails().Block())
	parts := []string{
		"a", block, earlier, strings.Replace(earlier, "Rejoindre", "Venez", 1), strings.Replace(block, joinURL, "", 1), "See " + oldURL + " " + joinURL,
		strings.Replace(earlier, oldURL, "", 1), strings.Replace(earlier, oldURL, joinURL, 1), "---- b ----", oldNumber, "@meet",
	}
	twins := []string{"<p>a</p>", twin, earlierTwin, strings.Replace(earlierTwin, "Rejoindre", "Venez", 1), strings.ReplaceAll(twin, joinURL, ""), "<i>" + oldURL + "</i>", "<p>@meet</p>"}
	earlierAnew := earlierDetails()
	earlierAnew.JoinURL, earlierAnew.Number = joinURL, testDetails().Number
	earlierAnew.Lines = []string{anew(earlierDetails().Lines[0]), anew(earlierDetails().Lines[1])}
	bases := [][]string{nil, {""}, {earlierDetails().Block()}, {earlierDetails().Block(), earlierAnew.Block(), testDetails().Block()}}
	n := 0
	for i, first := range parts {
		for j, second := range parts {
			for k, third := range parts {
				n++
				d := mergeDetails()
				d.Base, d.KeepLocation = bases[n%len(bases)], n%3 == 0
				data := event("DESCRIPTION:"+first+"\\n"+second+"\\n"+third,
					[]string{"LOCATION:Room 5", "LOCATION:" + oldURL, "URL:" + joinURL}[(i+j)%3],
					html+twins[(i+k)%len(twins)]+twins[(j+n)%len(twins)])
				assertWritesOnce(t, d, data)
			}
		}
	}
}

func assertWritesOnce(t *testing.T, d calendar.Details, data []byte) {
	t.Helper()
	after := mustWrite(t, d, data)
	require.True(t, parse(t, after).Components[0].Shows(joinURL))
	require.Equal(t, string(after), string(mustWrite(t, d, after)), "%s", data)
	erased, err := parse(t, after).Erase(d)
	require.NoError(t, err)
	for _, link := range []string{joinURL, oldURL} {
		require.NotContains(t, strings.ReplaceAll(string(erased), "\r\n ", ""), link, "%s", data)
	}
}

// TestBaseAlone: a block of the ledger's is ours though none of the links known now stands in it.
func TestBaseAlone(t *testing.T) {
	lost := earlierDetails()
	lost.JoinURL = "https://old.example.com/1"
	lost.Lines = []string{"Join: " + lost.JoinURL}
	d := testDetails()
	d.Base = []string{lost.Block()}
	data := event("DESCRIPTION:a\\n\\n"+encoded(lost.Block()), html+"<p>a</p>"+`<div class="convoke-meeting"><b>Réunion web</b><br>Join: https://old.example.com/1</div>`)
	assert.Equal(t, []string{"DESCRIPTION:a"}, erase(t, d, data, "DESCRIPTION"))
	assert.Equal(t, []string{html + "<p>a</p>"}, erase(t, d, data, "X-ALT-DESC"))
	assert.Equal(t, []string{"DESCRIPTION:a\\n\\nRéunion web\\nJoin: https://old.example.com/1"}, propertyLines(settle(t, d, data), "DESCRIPTION"))
	assert.Equal(t, []string{"DESCRIPTION:a\\n\\n" + block}, write(t, d, data, "DESCRIPTION"))
}

// TestWriteOfOldAndNew: what the new block itself says of the old meeting stays in it.
func TestWriteOfOldAndNew(t *testing.T) {
	d := mergeDetails()
	d.Lines = append(d.Lines, "Instead of "+oldURL, "Instead of "+oldNumber)
	after := mustWrite(t, d, event("DESCRIPTION:"+encoded(earlierDetails().Block()), html+earlierTwin))
	assert.Equal(t, []string{"DESCRIPTION:" + encoded(d.Block())}, propertyLines(after, "DESCRIPTION"))
	assert.Equal(t, string(after), string(mustWrite(t, d, after)), "a second Write")
}
