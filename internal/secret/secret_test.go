package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/internal/secret"
)

const canary = "hunter2-canary"

func TestSecretIsNeverPrinted(t *testing.T) {
	s := secret.New(canary)
	type exported struct{ Password secret.Secret }
	type unexported struct{ password secret.Secret }

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%10s"} {
		for name, value := range map[string]any{
			"value": s, "pointer": &s, "field": exported{s}, "unexported field": unexported{s},
			"slice": []secret.Secret{s}, "map": map[string]secret.Secret{"k": s},
		} {
			got := fmt.Sprintf(verb, value)
			assert.NotContains(t, got, canary, "%s of a %s", verb, name)
			assert.NotContains(t, got, fmt.Sprintf("%x", canary), "%s of a %s", verb, name)
		}
		assert.Equal(t, "<secret>", fmt.Sprintf(verb, s), verb)
	}
}

func TestSecretIsNeverEncoded(t *testing.T) {
	value := struct{ Password secret.Secret }{secret.New(canary)}

	j, err := json.Marshal(value)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Password":"<secret>"}`, string(j))

	x, err := xml.Marshal(value.Password)
	require.NoError(t, err)
	assert.NotContains(t, string(x), canary)

	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var log bytes.Buffer
		slog.New(handler(&log)).Info("x", "plain", value.Password, "nested", value, "error", fmt.Errorf("bad %s", value.Password))
		assert.NotContains(t, log.String(), canary, name)
		assert.Contains(t, log.String(), "<secret>", name)
	}
}

func TestReveal(t *testing.T) {
	assert.Equal(t, canary, secret.New(canary).Reveal())
	assert.Empty(t, secret.Secret{}.Reveal())
}
