// Package wording holds the words that go into events and into the topics of meetings, per language: templates that come with
// the program, and those of the administrator that take their place.
//
// It knows neither calendars nor the platform: it is given a link, numbers and a topic, and gives back lines of text. Every
// template is tried out when it is loaded, so that none can fail for the first time when an event is written.
package wording

import (
	"maps"
	"slices"
	"strings"
)

// fallback is the language for all that is asked in one that nobody has written.
const fallback = "en"

// Words are the words of all languages. They are safe for use by several goroutines.
type Words struct {
	custom, embedded map[string]*language // by tag in lower case
}

// Has tells whether there are words for a language (a tag of BCP 47, such as de-CH, in any case, or a locale such as de_CH): for
// the tag itself or for what it begins with. For any other the words are English.
func (w *Words) Has(lang string) bool {
	return len(w.candidates(lookups(lang))) > 0
}

// Languages lists the tags that there are words for, sorted.
func (w *Words) Languages() []string {
	tags := map[string]string{}
	for _, set := range []map[string]*language{w.embedded, w.custom} {
		for key, l := range set {
			tags[key] = l.tag
		}
	}
	return slices.Sorted(maps.Values(tags))
}

// Heading is the title of the block. It is one line.
func (w *Words) Heading(lang string) string { return w.best(lang)[0].heading }

// Private is the topic of a meeting whose title is nobody's business. It is one line.
func (w *Words) Private(lang string) string { return w.best(lang)[0].private }

// Lines are the lines of the block: no line ends or control characters in them, at most 40, one of them with the join URL.
func (w *Words) Lines(lang string, d Data) []string {
	d = d.readable()
	for _, l := range w.best(lang) {
		if lines, err := l.lines(d); err == nil {
			return lines
		}
	}
	return []string{d.JoinURL}
}

// Cancelled is the topic of a meeting that was cancelled, made of the one it had. It is one line.
func (w *Words) Cancelled(lang, topic string) string {
	topic = oneLine(topic)
	for _, l := range w.best(lang) {
		if text, err := l.cancelled(topic); err == nil {
			return text
		}
	}
	return topic
}

// best lists the languages to use, the best one first; a later one takes over when a template fails in spite of all.
func (w *Words) best(lang string) []*language {
	return w.candidates(append(lookups(lang), fallback))
}

func (w *Words) candidates(keys []string) []*language {
	var found []*language
	for _, key := range keys {
		for _, set := range []map[string]*language{w.custom, w.embedded} {
			if l, ok := set[key]; ok {
				found = append(found, l)
			}
		}
	}
	return found
}

// lookups lists a tag in lower case and what is left of it when subtags are taken off its end (RFC 4647, 3.4).
func lookups(lang string) []string {
	key, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(lang)), ".") // a locale may name an encoding
	key = strings.ReplaceAll(key, "_", "-")
	var keys []string
	for key != "" {
		keys = append(keys, key)
		key = key[:max(strings.LastIndexByte(key, '-'), 0)]
	}
	return keys
}
