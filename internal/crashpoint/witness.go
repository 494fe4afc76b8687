package crashpoint

// A Witness is what stands beside the ledger: a sync.Witness.
type Witness interface {
	Read() (string, error)
	Write(text string) error
}

// Witness puts points around what a witness writes: "stamp before" and "stamp after".
func (p *Points) Witness(w Witness) Witness { return witness{w, p} }

type witness struct {
	Witness
	points *Points
}

// Write writes.
func (w witness) Write(text string) error {
	w.points.Pass("stamp before")
	err := w.Witness.Write(text)
	w.points.Pass("stamp after")
	return err
}
