package disk

import "testing"

func TestNetworkFileSystemsAreKnown(t *testing.T) {
	for magic, want := range map[uint32]bool{0x6969: true, 0xfe534d42: true, 0x65735546: true, 0xef53: false, /* ext4 */
		0x9123683e: false /* btrfs */, 0x01021994: false /* tmpfs */} {
		if got := isNetworkType(magic); got != want {
			t.Errorf("file system %#x: %v, want %v", magic, got, want)
		}
	}
	if OnNetwork(t.TempDir()) {
		t.Error("the folder of the tests is taken for a network file system")
	}
}
