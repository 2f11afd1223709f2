package disk

import "syscall"

// OnNetwork reports whether the file is on a network file system, where processes on two machines cannot share the
// memory that a write-ahead log needs (sqlite.org/wal.html).
func OnNetwork(path string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return false
	}
	return isNetworkType(uint32(fs.Type))
}

// isNetworkType reports whether magic is a network file system's number in statfs(2).
func isNetworkType(magic uint32) bool {
	switch magic {
	case 0x6969, // NFS
		0x517b, 0xfe534d42, 0xff534d42, // SMB, SMB2, CIFS
		0x01021997,             // 9P: shares of virtual machines
		0x5346414f, 0x6b414653, // AFS
		0x00c36400, // Ceph
		0x0bd00bd0, // Lustre
		0x47504653, // GPFS
		0x7461636f, // OCFS2
		0x01161970, // GFS2
		0x73757245, // Coda
		0x564c,     // NCP
		0x65735546: // FUSE: sshfs, s3fs and similar; a local one only loses speed
		return true
	}
	return false
}
