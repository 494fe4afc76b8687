package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"convoke/store"
)

// A beat is what the lock file says. It is run-state and no memory: it is not put on the disk by force, and an idle
// pass can leave a sign of life in it without writing to the ledger.
type beat struct {
	PID    int             `json:"pid"` // of the holder; 0 after an orderly release
	Status json.RawMessage `json:"status,omitempty"`
}

var errTorn = errors.New("what the lock file says makes no sense")

var errNotHeld = errors.New("ledger: beat: the lock of passes is not held")

// Beat leaves status, one JSON value, in the lock file for ReadBeat. Only the holder of the lock may.
func (l *Ledger) Beat(status []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		return errNotHeld
	}
	if !json.Valid(status) {
		return errors.New("ledger: beat: the status is no JSON")
	}
	l.held.beat.Status = append(json.RawMessage(nil), status...)
	if l.held.file == nil {
		return nil
	}
	return fail("beat", l.held.beat.write(l.held.file))
}

// ReadBeat returns what was left last by Beat, also of a process that has ended since (Holder tells), for the ledger
// at path. It fails with store.ErrNotFound when there is nothing, or what a power failure has left of it.
func ReadBeat(path string) ([]byte, error) {
	f, err := os.Open(lockPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail("beat", store.ErrNotFound)
	}
	if err != nil {
		return nil, fail("beat", err)
	}
	defer f.Close()
	b, err := readBeat(f)
	if errors.Is(err, errTorn) || err == nil && len(b.Status) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fail("beat", err)
	}
	return b.Status, nil
}

// Holder returns the id of the process that holds the lock of passes of the ledger at path, 0 when nobody does.
func Holder(path string) (pid int, err error) {
	f, err := os.Open(lockPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fail("holder", err)
	}
	defer f.Close()
	if held, err := isLocked(f); err != nil || !held {
		return 0, fail("holder", err)
	}
	b, err := readBeat(f)
	return b.PID, fail("holder", err)
}

// write replaces the file's content without emptying it first: what a reader finds begins with the old beat or the
// new one.
func (b beat) write(f *os.File) error {
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// readBeat reads the first value only: behind it may be the tail of a longer one. A torn one is read once more.
func readBeat(f *os.File) (beat, error) {
	var b beat
	var err error
	for range 3 {
		b = beat{}
		err = json.NewDecoder(io.NewSectionReader(f, 0, 1<<20)).Decode(&b)
		if err == nil {
			return b, nil
		}
		if errors.Is(err, io.EOF) {
			return beat{}, nil
		}
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return beat{}, fmt.Errorf("what the lock file says: %w", err)
	}
	return beat{}, fmt.Errorf("%w: %w", errTorn, err)
}
