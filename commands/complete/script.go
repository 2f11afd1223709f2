package complete

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Shells are the shells that there are scripts for.
var Shells = []string{"bash", "zsh", "fish", "powershell"}

// Script writes the script of a shell that completes the commands of root; it reports false for another shell.
func Script(root *cobra.Command, shell string, w io.Writer) (known bool, err error) {
	switch shell {
	case "bash":
		return true, bash(root, w)
	case "zsh":
		return true, root.GenZshCompletion(w)
	case "fish":
		return true, root.GenFishCompletion(w, true)
	case "powershell":
		return true, root.GenPowerShellCompletionWithDesc(w)
	}
	return false, nil
}

// bashWithout stands before the script for bash. Cobra's script calls functions of the package bash-completion, which
// macOS and small images do not have: what it needs of them is a few lines.
const bashWithout = `# Without the package bash-completion: "=" and ":" do not end a word.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
    __barb_words() {
        local i rest=$COMP_LINE before joined=
        words=() cword=0
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
            before=${rest%%"${COMP_WORDS[i]}"*}
            rest=${rest:${#before}+${#COMP_WORDS[i]}}
            if ((i > 0)) && [[ -z $before && (${COMP_WORDS[i]} == [=:]* || $joined == *[=:]) ]]; then
                joined+=${COMP_WORDS[i]}
                words[${#words[@]}-1]=$joined
            else
                joined=${COMP_WORDS[i]}
                words+=("$joined")
            fi
            ((i <= COMP_CWORD)) && cword=$((${#words[@]} - 1))
        done
        cur=${words[cword]} prev=
        ((cword > 0)) && prev=${words[cword - 1]}
    }
    _get_comp_words_by_ref() { __barb_words; }
    # bash replaces what stands behind the last ":" or "=" of a word.
    if ! declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions() {
            [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]] || return 0
            local i begin=${1%"${1##*:}"}
            for ((i = 0; i < ${#COMPREPLY[@]}; i++)); do
                COMPREPLY[i]=${COMPREPLY[i]#"$begin"}
            done
        }
    fi
    if ! declare -F _filedir >/dev/null; then
        _filedir() { COMPREPLY=($(compgen -f -- "$cur")); }
    fi
fi

`

// bash writes cobra's script with what it needs of bash-completion.
func bash(root *cobra.Command, w io.Writer) error {
	var script bytes.Buffer
	if err := root.GenBashCompletionV2(&script, true); err != nil {
		return err
	}
	head, rest, _ := strings.Cut(script.String(), "\n\n")
	_, err := io.WriteString(w, head+"\n\n"+bashWithout+rest)
	return err
}
