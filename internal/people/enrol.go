package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"convoke/internal/config"
	"convoke/meetingapi"
	"convoke/store"
)

// ErrExists is the answer to an account for an address that the platform has already.
var ErrExists = errors.New("the platform has this address already")

// Attach reads an organizer from an account that exists, and keeps what it learns in the ledger. That answers an earlier
// call to make one, if it got no answer.
func (p *People) Attach(ctx context.Context, email, account string) (store.Organizer, error) {
	user, err := p.admin(ctx, p.configured(email), account)
	if err != nil {
		return store.Organizer{}, err
	}
	ctx = context.WithoutCancel(ctx) // what was answered is kept
	row, err := p.keep(ctx, email, account, user)
	if err != nil {
		return row, err
	}
	return row, p.answered(ctx, email, account)
}

// answered closes the calls to make an account for the address that got no answer.
func (p *People) answered(ctx context.Context, email, account string) error {
	intents, err := p.ledger.Intents(ctx, email)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if in.Kind != store.CreateAccount {
			continue
		}
		if err := p.ledger.Failed(ctx, in.ID, store.Done, madeNote(account), p.now()); err != nil {
			return err
		}
	}
	return nil
}

// madeNote is what the ledger keeps of an account that was made.
func madeNote(account string) string {
	note, _ := json.Marshal(map[string]string{"account_id": account}) // strings always encode
	return string(note)
}

// Add makes an account with the organizer as its admin, reads her back, and keeps what it learns in the ledger. The intent
// is written before the call; an answer that never came is reported and not repeated.
func (p *People) Add(ctx context.Context, r meetingapi.AccountRequest) (store.Organizer, error) {
	email := r.Email
	client := p.Client(p.configured(email))
	if client == nil {
		return store.Organizer{}, errors.New("no API key is configured: set platform.api_key_file")
	}
	if err := p.unanswered(ctx, email); err != nil {
		return store.Organizer{}, err
	}
	body, err := r.JSON()
	if err != nil {
		return store.Organizer{}, err
	}
	id, err := p.ledger.Begin(ctx, store.Intent{Kind: store.CreateAccount, Organizer: email, Request: body, SentAt: p.now()})
	if err != nil {
		return store.Organizer{}, err
	}
	account, err := client.CreateAccount(ctx, r)
	if err != nil {
		return store.Organizer{}, p.notMade(ctx, id, email, err)
	}
	if err := p.ledger.Failed(context.WithoutCancel(ctx), id, store.Done, madeNote(account.ID), p.now()); err != nil {
		return store.Organizer{}, fmt.Errorf("account %s was made, but the ledger could not be written: %w", account.ID, err)
	}
	row, err := p.Attach(ctx, email, account.ID)
	if err != nil { // not wrapped: that it was interrupted is not all that there is to say
		return row, fmt.Errorf("account %s was made, but its admin could not be read (%v); try: convoke organizer add %s --account %s", account.ID, err, email, account.ID)
	}
	return row, nil
}

// unanswered refuses a second account while nobody knows what became of the first.
func (p *People) unanswered(ctx context.Context, email string) error {
	intents, err := p.ledger.Intents(ctx, email)
	if err != nil {
		return err
	}
	for _, in := range intents {
		if in.Kind == store.CreateAccount {
			return fmt.Errorf("an earlier call to make an account for %s got no answer, so it may exist; look it up on the platform, then: convoke organizer add %s --account ID", email, email)
		}
	}
	return nil
}

// notMade closes the intent of an account that was not made, or may have been.
func (p *People) notMade(ctx context.Context, intent int64, email string, why error) error {
	state := store.Unknown
	if meetingapi.Definite(why) {
		state = store.Refused
	}
	if err := p.ledger.Failed(context.WithoutCancel(ctx), intent, state, why.Error(), p.now()); err != nil {
		return err
	}
	if errors.Is(why, meetingapi.ErrConflict) {
		return fmt.Errorf("%w (%v); to use the account that it belongs to: convoke organizer add %s --account ID", ErrExists, why, email)
	}
	if state == store.Unknown && ctx.Err() != nil {
		return fmt.Errorf("interrupted, and the account may have been made: look it up on the platform, then: convoke organizer add %s --account ID", email)
	}
	return why
}

// configured is the organizer's section of the configuration, or one with nothing but the address.
func (p *People) configured(email string) config.Organizer {
	for _, o := range p.cfg.Organizers {
		if o.Email == email {
			return o
		}
	}
	return config.Organizer{Email: email}
}
