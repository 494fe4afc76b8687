package chaos

// A Fault is one way to spoil a request. Its text is what reports call it.
type Fault string

// What can go wrong with a request on its way, or with its answer on the way back.
const (
	HTML         Fault = "HTML page"        // not passed on; 200 with a page for people
	Half         Fault = "half a body"      // passed on; half of the answer, with a Content-Length that fits
	Cut          Fault = "cut off"          // passed on; half of the answer, then the connection ends
	ErrorBefore  Fault = "5xx before"       // not passed on
	ErrorAfter   Fault = "5xx after"        // passed on
	RetrySeconds Fault = "429, seconds"     // not passed on; Retry-After is a number (RFC 9110, 10.2.3)
	RetryDate    Fault = "503, date"        // not passed on; Retry-After is a date
	ResetBefore  Fault = "reset before"     // not passed on; the connection is reset (RFC 9293, 3.5.2)
	ResetAfter   Fault = "reset after"      // passed on
	Delay        Fault = "slow to begin"    // passed on late, and answered whole
	Trickle      Fault = "slow to end"      // passed on; the answer comes whole, in small pieces
	Redirect     Fault = "redirect"         // not passed on; sent to the canary's host
	None         Fault = "passed unspoiled" // no fault
)

// Faults are all of them, in the order of reports.
var Faults = []Fault{HTML, Half, Cut, ErrorBefore, ErrorAfter, RetrySeconds, RetryDate, ResetBefore, ResetAfter, Delay, Trickle, Redirect}

// Applies reports whether a request that meets the fault still reaches the server.
func (f Fault) Applies() bool {
	switch f {
	case HTML, ErrorBefore, RetrySeconds, RetryDate, ResetBefore, Redirect:
		return false
	}
	return true
}
