//go:build !crashpoints

package main

// addPoints adds nothing: this is the program that people install. See crashpoints.go.
func (w *wiring) addPoints() error { return nil }

// passed marks a point between two steps.
func passed(string) {}
