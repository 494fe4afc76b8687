package servers_test

import (
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"convoke/calendar/caldavtest/servers"
)

// Each server starts, answers, and is gone after Stop, with its folder.
func TestStartAndStop(t *testing.T) {
	for _, name := range servers.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i, err := servers.Start(t.Context(), name, t.Logf)
			if errors.Is(err, servers.ErrUnavailable) && os.Getenv("CI") != "true" {
				t.Skip(err)
			}
			require.NoError(t, err)
			t.Cleanup(i.Stop)
			require.Len(t, i.Users, 3)
			require.NotEmpty(t, i.User("alice").Calendar)
			require.Empty(t, i.User("nobody"))
			res, err := http.Get(i.Base)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())

			i.Stop()
			_, err = http.Get(i.Base)
			require.Error(t, err, "somebody still listens at %s", i.Base)
		})
	}
}

func TestUnknownServer(t *testing.T) {
	_, err := servers.Start(t.Context(), "nothing", t.Logf)
	require.Error(t, err)
	require.NotErrorIs(t, err, servers.ErrUnavailable)
}
