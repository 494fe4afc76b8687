// Package secret holds passwords and API keys so that they cannot be printed by accident, and reads them from files
// that nobody else can read. It does not know what a secret is for.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const mask = "<secret>"

// A Secret is a text that no formatting verb, logger or encoder shows: all print <secret>. Only Reveal gives it away,
// so that a search for Reveal finds every place where one leaves its wrapping. The zero Secret is empty.
//
// The text stands behind a pointer, because fmt does not call the methods of values in unexported fields: there it
// prints the pointer.
type Secret struct{ text *string }

// New wraps a text.
func New(text string) Secret { return Secret{text: &text} }

// Reveal returns the text itself.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Format prints the mask for every verb; a Stringer alone would be bypassed by a wrong verb such as %d.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, mask) }

// String returns the mask.
func (s Secret) String() string { return mask }

// GoString returns the mask.
func (s Secret) GoString() string { return mask }

// LogValue returns the mask, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText returns the mask, for JSON, XML and TOML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }
