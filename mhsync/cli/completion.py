"""The command `mhsync completion`: print the script that completes commands, options, files and ids in a shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, get_completion_class

from mhsync.cli.console import Console
from mhsync.cli.options import pass_console
from mhsync.cli.verbosity import verbosity_options

_VARIABLE = "_MHSYNC_COMPLETE"
"""click reads it when the script of a shell calls mhsync."""


_SOURCE_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n'
    local response words=() index start type value

    # bash splits words at a colon: they are joined, and the joined part is removed from what is completed.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        if [[ $index -gt 0 && ( ${COMP_WORDS[index]} == :* || ${words[-1]} == *: ) ]]; then
            words[-1]+=${COMP_WORDS[index]}
        else
            words+=("${COMP_WORDS[index]}")
        fi
    done
    start=""
    if [[ ${words[-1]} == *:* ]]; then
        start=${words[-1]%%"${words[-1]##*:}"}
    fi

    response=$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) %(complete_var)s=bash_complete $1)

    for completion in $response; do
        IFS=',' read type value <<< "$completion"
        if [[ $type == 'dir' ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("${value#"$start"}")
        fi
    done

    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""


class BashScript(BashComplete):
    """The script for bash. That of click does not complete words with a colon, such as `state:archived`."""

    source_template = _SOURCE_BASH


@click.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@verbosity_options
@pass_console
def command(console: Console, shell: str) -> int:
    """Print a script for completion in a shell.

    \b
    bash:  eval "$(mhsync completion bash)"            in ~/.bashrc
    zsh:   eval "$(mhsync completion zsh)"             in ~/.zshrc
    fish:  mhsync completion fish > ~/.config/fish/completions/mhsync.fish

    SHELL is bash, zsh or fish. --only and remove complete the ids of the manifests of the command line.
    """
    kind = BashScript if shell == "bash" else get_completion_class(shell)
    assert kind is not None, "click has the three shells"
    root = click.get_current_context().find_root().command
    console.out(kind(root, {}, "mhsync", _VARIABLE).source().rstrip("\n"))
    return 0
