package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reload takes all of a new configuration or nothing of it: where its address is taken the old page stays. One that is the same is never
// left, and a connection that asks nothing holds nobody up.
func TestReloadOfListen(t *testing.T) {
	dir := t.TempDir()
	_, api, account := newPlatform(t)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	good, other := freeAddress(t), freeAddress(t)
	text := configuration(api, account.ID, fmt.Sprintf("vdir = %q", t.TempDir()))
	listen := func(address string) {
		writeFiles(t, dir, map[string]string{"platform-api-key": canaryKey, "config.toml": "schedule = \"@every 1h\"\n" + strings.Replace(text, `listen = ""`, fmt.Sprintf("listen = %q", address), 1)})
	}
	listen(good)
	d := start(t, nil, filepath.Join(programFolder(t), program), "run", "-c", filepath.Join(dir, "config.toml"))
	d.says("msg=started", 1)
	healthy := func(address string) {
		t.Helper()
		status, body, _ := fetch(t, "http://"+address+"/healthz", "")
		assert.Equal(t, http.StatusOK, status, body)
	}
	healthy(good)

	listen(taken.Addr().String())
	require.NoError(t, d.Process.Signal(syscall.SIGHUP))
	d.says(`configuration refused, the old one stays in use.*address already in use`, 1)
	healthy(good)

	listen(good)
	idle, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", good)
	require.NoError(t, err)
	defer idle.Close()
	asking, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for asking.Err() == nil {
			c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", good)
			if assert.NoError(t, err, "nobody is turned away") {
				_ = c.Close()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	began := time.Now()
	for i := range 3 {
		require.NoError(t, d.Process.Signal(syscall.SIGHUP))
		d.says("configuration read again", i+1)
	}
	assert.Less(t, time.Since(began), 4*time.Second, "a connection without a request is not waited for")
	stop()
	<-ended
	healthy(good)

	listen(other)
	require.NoError(t, d.Process.Signal(syscall.SIGHUP))
	d.says("configuration read again", 4)
	healthy(other)
	_, err = (&net.Dialer{}).DialContext(t.Context(), "tcp", good)
	require.Error(t, err, "left")
	d.stop()
	assert.Zero(t, d.count("the web listener stopped"), d.printed())
}
