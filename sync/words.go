package sync

// Words are what convoke words itself, in the organizer's language. What is not set is English.
type Words struct {
	Untitled  string                                        // topic of an event without a title
	Private   string                                        // topic of a private event
	Cancelled func(topic string) string                     // topic of a meeting that was given up
	Block     func(t Text) (heading string, lines []string) // the block in an event
}

// A Text is what the block in an event tells.
type Text struct {
	JoinURL, Number, PIN string
	Phones               []Phone
}

// A Phone is a number to dial in by.
type Phone struct{ Number, Label string }

func (w Words) untitled() string { return or(w.Untitled, "Web meeting") }
func (w Words) private() string  { return or(w.Private, "Private meeting") }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (w Words) cancelled(topic string) string {
	if w.Cancelled == nil {
		return "Cancelled: " + topic
	}
	return w.Cancelled(topic)
}

func (w Words) block(t Text) (heading string, lines []string) {
	if w.Block == nil {
		return "Web meeting", []string{"Join: " + t.JoinURL, "Meeting number: " + t.Number}
	}
	return w.Block(t)
}
