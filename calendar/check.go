package calendar

import (
	"fmt"
)

// check reads the result of an edit afresh and compares it with what was there and what was meant: every other line as it
// was, byte for byte and in order, each in its component; the same components; the same UID.
func (p *Patch) check(out string) error {
	after, err := readDocument(out)
	if err != nil {
		return err
	}
	if err := sameSections(p.e.doc, after); err != nil {
		return err
	}
	if err := p.checkLines(after); err != nil {
		return err
	}
	again, err := Parse([]byte(out), p.e.home)
	if err != nil {
		return err
	}
	if again.UID != p.e.UID || len(again.Components) != len(p.e.Components) {
		return fmt.Errorf("UID %.80q with %d components instead of %d", again.UID, len(again.Components), len(p.e.Components))
	}
	return nil
}

func sameSections(before, after *document) error {
	if len(before.sections) != len(after.sections) {
		return fmt.Errorf("%d components instead of %d", len(after.sections), len(before.sections))
	}
	for i, s := range after.sections {
		if was := before.sections[i]; s.name != was.name || s.parent != was.parent {
			return fmt.Errorf("component %d is %.40q instead of %.40q", i+1, s.name, was.name)
		}
	}
	return nil
}

func (p *Patch) checkLines(after *document) error {
	insert := p.insertions()
	rest := after.lines
	next := func(text string, in int) (line, error) {
		if len(rest) == 0 {
			return line{}, fmt.Errorf("%.60q is missing", text)
		}
		l := rest[0]
		rest = rest[1:]
		if l.text != text || l.in != in {
			return line{}, fmt.Errorf("%.60q where %.60q should be", l.text, text)
		}
		return l, nil
	}
	for i, was := range p.e.doc.lines {
		if sec, ok := insert[i]; ok {
			for _, text := range p.added[sec] {
				if _, err := next(text, sec); err != nil {
					return err
				}
			}
		}
		if p.removed[i] {
			continue
		}
		text, edited := p.edited[i]
		if !edited {
			text = was.text
		}
		l, err := next(text, was.in)
		if err != nil {
			return err
		}
		if !edited && l.raw != was.raw {
			return fmt.Errorf("%.60q is folded in another way", l.text)
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%.60q is left over", rest[0].text)
	}
	return nil
}
