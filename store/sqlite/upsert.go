package sqlite

import "strings"

// upsert returns the statement that adds a row, or gives the row of that key its values; an equal row is left alone,
// so that nothing is written. Both are lists of columns; the arguments are those of key, then those of values.
func upsert(table, key, values string) string {
	columns := strings.Split(key+", "+values, ", ")
	excluded := "excluded." + strings.ReplaceAll(values, ", ", ", excluded.")
	return "INSERT INTO " + table + " (" + key + ", " + values + ")" +
		" VALUES (" + strings.Repeat("?, ", len(columns)-1) + "?)" +
		" ON CONFLICT (" + key + ") DO UPDATE SET (" + values + ") = (" + excluded + ")" +
		" WHERE (" + values + ") IS NOT (" + excluded + ")"
}
