package main

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who stops the daemon while it starts has done nothing wrong.
func TestStoppedWhileItStarts(t *testing.T) {
	dir := t.TempDir()
	_, api, account := newPlatform(t)
	writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": configuration(api, account.ID, fmt.Sprintf("vdir = %q", t.TempDir()))})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c := newRun(&streams{silent: true, config: filepath.Join(dir, "config.toml")})
	c.SetContext(ctx)
	require.NoError(t, c.RunE(c, nil))
}
