# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# Real tools under preset agent, as real_lib.sh runs them under base:
#
#	profiles='-p python'
#	begin 'what must work'	# in a new project directory, $dir
#	agent pytest -q		# sandlock run -p agent -p python -- pytest -q
#	works
#	end
#
# After every case: no secret of the home or the environment came out or lies in
# the project, and the home, caches included, is what it was before.

# shellcheck source=tests/live/real_lib.sh
. "$(dirname "$0")/real_lib.sh"

# What an agent's caller has in its environment.
secret=SECRET-DO-NOT-LEAK
export GITHUB_TOKEN=$secret NPM_TOKEN=$secret MY_API_KEY=$secret
export AWS_SECRET_ACCESS_KEY=$secret DB_PASSWORD=$secret KUBECONFIG=$secret
export SSH_AUTH_SOCK=/tmp/$secret DIRENV_DIFF=$secret npm_config__auth=$secret
unset npm_config_cache npm_config_userconfig XDG_CACHE_HOME GOFLAGS GOPATH
unset CARGO_HOME RUSTUP_HOME PIP_CONFIG_FILE VIRTUAL_ENV
unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

# And what a home has: caches that the next build outside would use.
for cache in .cache/pip .cache/go-build .npm/_cacache .cargo/registry \
	.cache/ccache go/pkg/mod/cache .config/git .config/gh .aws; do
	mkdir -p "$HOME/$cache"
	echo "kept" >"$HOME/$cache/entry"
done
for file in .config/git/credentials .config/gh/hosts.yml .aws/credentials \
	.cargo/credentials.toml .git-credentials .npmrc .netrc; do
	rm -f "$HOME/$file"
	echo "//registry.example.org/:_authToken=$secret" >"$HOME/$file"
done
echo '[user]
	name = Test Person
	email = test@example.org
[init]
	defaultBranch = main
[commit]
	gpgSign = true' >"$HOME/.gitconfig"

look_at_home()
{
	(
		cd "$HOME" || exit
		find . -printf '%p %y %m %u %s %T@ %l\n' | sort
		find . -type f -readable -exec cksum {} + | sort
	)
}
look_at_home >"$top/home.before"

profiles=
agent()
{
	# shellcheck disable=SC2086
	"$sandlock" run -p agent $profiles -- "$@" \
		>"$top/out" 2>"$top/err" </dev/null
	status=$?
}

# The same, by shell text.
agent_sh()
{
	agent sh -ec "$1"
}

end_agent()
{
	look_at_home >"$top/home.after"
	cmp -s "$top/home.before" "$top/home.after" ||
		wrong "the home changed: $(diff "$top/home.before" "$top/home.after" | head -5)"
	! grep -rqs "$secret" "$dir" || wrong 'a secret lies in the project'
	end
}

# What every tool's own code tries, in its own language: see the cases.
keys=$HOME/.ssh/id_ed25519
