//go:build unix

package config

import "testing"

func TestAGroupIsPrivateWhenNobodyElseIsInIt(t *testing.T) {
	const users = "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/sh\n" +
		"bob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\ndan:x:1003:100::/home/dan:/bin/sh\n" +
		"fay:x:1004:1004::/home/fay:/bin/sh\nbroken\n"
	const groups = "root:x:0:\nann:x:1000:\nbob:x:1001:ann\nusers:x:100:\nteam:x:200:ann\nown:x:201:root,ann\n" +
		"fay:x:1004:fay,root\n"
	for _, c := range []struct {
		name     string
		gid, uid int
		want     bool
	}{
		{"her own group", 1000, 1000, true},
		{"another is a member of his group", 1001, 1001, false},
		{"her own group, where she and root are named as members", 1004, 1004, true},
		{"the primary group of two", 100, 1002, false},
		{"a group that she is in, but that is not hers", 200, 1000, false},
		{"the same with root", 201, 1000, false},
		{"another's own group", 1004, 1000, false},
		{"the group of root", 0, 1000, true},
		{"root and a user's own group", 1000, 0, false},
		{"a group that is nowhere", 999, 1000, false},
		{"a user who is nowhere", 1000, 4711, false},
	} {
		if got := privateGroup(c.gid, c.uid, users, groups); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if privateGroup(1000, 1000, users, "") || privateGroup(1000, 1000, "", groups) {
		t.Error("what is not known is private")
	}
}
