package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	stdsync "sync"

	"golang.org/x/sys/unix"

	"convoke/store"
)

// A passLock is the lock of passes, held. It is a lock of an open file description (fcntl(2), F_OFD_SETLK) on a file of
// its own, so the kernel releases it when the process ends, however it ends, and whoever asks for the holder takes nothing. The file stays: removing it would let two processes lock two files of one name.
type passLock struct {
	file *os.File // nil for a ledger in memory
	beat beat
}

// lockPath is beside the ledger itself: one ledger has one lock.
func lockPath(path string) string {
	if real, err := realPath(path); err == nil {
		path = real
	}
	return path + ".lock"
}

// Lock takes the lock of passes. Where another process has it, the error wraps store.ErrLocked and names its id.
func (l *Ledger) Lock() (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil {
		return nil, fmt.Errorf("%w (this process, %d)", store.ErrLocked, os.Getpid())
	}
	held := &passLock{}
	if l.path != "" {
		if held, err = lockFile(lockPath(l.path)); err != nil {
			return nil, err
		}
	}
	l.held = held
	var once stdsync.Once
	return func() { once.Do(l.unlock) }, nil
}

func (l *Ledger) unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		return
	}
	l.held.release()
	l.held = nil
}

func lockFile(name string) (*passLock, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of passes: %w", err)
	}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, wholeFile()); err != nil {
		return nil, errors.Join(lockError(f, err), f.Close())
	}
	p := &passLock{file: f}
	p.beat, _ = readBeat(f) // what the last holder left behind; a torn one is as good as none
	p.beat.PID = os.Getpid()
	if err := p.beat.write(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock of passes: %w", err), f.Close())
	}
	return p, nil
}

func lockError(f *os.File, err error) error {
	if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("lock of passes: %w", err)
	}
	if b, err := readBeat(f); err == nil && b.PID != 0 {
		return fmt.Errorf("%w (process %d)", store.ErrLocked, b.PID)
	}
	return store.ErrLocked
}

func (p *passLock) release() {
	if p.file == nil {
		return
	}
	p.beat.PID = 0
	_ = p.beat.write(p.file) // only for people
	free := wholeFile()
	free.Type = unix.F_UNLCK
	// Closing would do, but for a child process that was just forked: until it executes its program it has the file open, too.
	_ = unix.FcntlFlock(p.file.Fd(), unix.F_OFD_SETLK, free)
	_ = p.file.Close()
}

// wholeFile is a lock that nobody shares, on all of a file.
func wholeFile() *unix.Flock_t { return &unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart} }

// isLocked asks whether somebody has the lock, without taking it.
func isLocked(f *os.File) (bool, error) {
	lock := wholeFile()
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, lock)
	return lock.Type != unix.F_UNLCK, err
}
