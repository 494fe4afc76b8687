package vdir

// ETag is that of a file.
var ETag = etag

// TempName is the name under which Put writes before it renames.
var TempName = tempName

// SetLimit makes a folder too large with fewer than MaxObjects events.
func (f *Folder) SetLimit(n int) { f.limit = n }
