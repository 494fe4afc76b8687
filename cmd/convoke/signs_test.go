package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"convoke/calendar"
	"convoke/internal/config"
	"convoke/store/sqlite"
	"convoke/sync"
)

// A pass that is stopped leaves the time and the counts of the last whole one in their place: an alert waits for them to grow old.
func TestStoppedPassIsNoSignOfLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	ledger, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	defer ledger.Close()
	_, err = ledger.Lock()
	require.NoError(t, err)
	a := &app{cfg: &config.Config{Database: path}, ledger: ledger}
	last := func() *lastPass {
		p, err := readLastPass(path)
		require.NoError(t, err)
		return p
	}

	a.stopped(errors.New("the disk is full"))
	assert.Zero(t, last().At)
	assert.NotZero(t, last().StoppedAt)

	a.beat(sync.Report{Created: 7})
	whole := *last()
	assert.NotZero(t, whole.At)
	assert.Empty(t, whole.Stopped)

	a.stopped(errors.New("the disk is full"))
	assert.Equal(t, whole.At, last().At)
	assert.Equal(t, 7, last().Report.Created)
	assert.Equal(t, "the disk is full", last().Stopped)

	a.beat(sync.Report{})
	assert.Empty(t, last().Stopped)
	assert.Zero(t, last().StoppedAt)
}

// A text that is cut for people is whole in a document.
func TestDocumentsAreNotCut(t *testing.T) {
	text := strings.Repeat("x", 3*longest)
	step := sync.Step{Call: text, Lines: []calendar.LineChange{{Text: text}}}
	assert.Less(t, len(readable(text)), longest+100)
	assert.Equal(t, text, plannedStepOf(step).Call)
	assert.Equal(t, text, plannedStepOf(step).Lines[0].Text)
}
