// Reads a ledger with the packages of Go's checksum database, golang.org/x/mod/sumdb/note and tlog, which know
// nothing of ours. For a folder that holds a log and, in checkpoints/1 … checkpoints/<size>, a checkpoint of each
// size, it checks all there is to check and then tampers with every byte. Prints one JSON object; exits 1 when
// something does not hold.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type report struct {
	Size               int64  `json:"size"`
	Inclusions         int    `json:"inclusions"`
	InclusionDigest    string `json:"inclusionDigest"`
	Checkpoints        int    `json:"checkpoints"`
	Pairs              int    `json:"pairs"`
	ConsistencyDigest  string `json:"consistencyDigest"`
	CheckpointTampers  int    `json:"checkpointTampers"`
	SameSignature      int    `json:"sameSignature"`
	CheckpointAccepted int    `json:"checkpointAccepted"`
	TileTampers        int    `json:"tileTampers"`
	TileAccepted       int    `json:"tileAccepted"`
	EntryTampers       int    `json:"entryTampers"`
	EntryAccepted      int    `json:"entryAccepted"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// open is what C2SP adds to a note: origin, size and root in its first three lines.
func open(msg []byte, known note.Verifiers) (tlog.Tree, *note.Note, error) {
	n, err := note.Open(msg, known)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, nil, fmt.Errorf("no checkpoint: %q", n.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, nil, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, n, err
}

// folder reads C2SP's paths, which are Go's without the height.
type folder struct {
	path   string
	tamper func(path string, data []byte)
}

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(f.path, path))
		if err != nil {
			return nil, err
		}
		if f.tamper != nil {
			f.tamper(path, data)
		}
		all = append(all, data)
	}
	return all, nil
}

func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		t := tlog.Tile{H: 8, L: 0, N: n, W: 256}
		if size-n*256 < 256 {
			t.W = int(size - n*256)
		}
		data, err := os.ReadFile(filepath.Join(dir, strings.Replace(t.Path(), "tile/8/0/", "tile/entries/", 1)))
		check(err)
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	return all
}

func digest(proofs func(add func([]tlog.Hash))) string {
	sum := sha256.New()
	proofs(func(hashes []tlog.Hash) {
		sum.Write([]byte{byte(len(hashes))})
		for _, h := range hashes {
			sum.Write(h[:])
		}
	})
	return hex.EncodeToString(sum.Sum(nil))
}

func main() {
	dir := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	check(err)
	known := note.VerifierList(verifier)
	msg, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	check(err)
	tree, opened, err := open(msg, known)
	check(err)
	r := report{Size: tree.N}
	reader := tlog.TileHashReader(tree, folder{path: dir})
	leaves := entries(dir, tree.N)

	proofs := make([]tlog.RecordProof, len(leaves))
	r.InclusionDigest = digest(func(add func([]tlog.Hash)) {
		for i, entry := range leaves {
			proofs[i], err = tlog.ProveRecord(tree.N, int64(i), reader)
			check(err)
			check(tlog.CheckRecord(proofs[i], tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)))
			add(proofs[i])
			r.Inclusions++
		}
	})

	r.consistency(dir, tree, reader, known)
	r.tamperCheckpoint(msg, opened, known)
	r.tamperTiles(dir, tree, leaves)
	for i, entry := range leaves {
		for at := range entry {
			entry[at] ^= 1 << (at % 8)
			r.EntryTampers++
			if tlog.CheckRecord(proofs[i], tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)) == nil {
				r.EntryAccepted++
			}
			entry[at] ^= 1 << (at % 8)
		}
	}
	check(json.NewEncoder(os.Stdout).Encode(r))
}

// consistency proves every pair of checkpoints from the stored tiles, each against the root that was signed.
func (r *report) consistency(dir string, tree tlog.Tree, reader tlog.HashReader, known note.Verifiers) {
	// Read once: the tile reader proves what it reads each time anew.
	count := tlog.StoredHashCount(tree.N)
	indexes := make([]int64, count)
	for i := range indexes {
		indexes[i] = int64(i)
	}
	stored, err := reader.ReadHashes(indexes)
	check(err)
	memory := tlog.HashReaderFunc(func(wanted []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(wanted))
		for i, index := range wanted {
			found[i] = stored[index]
		}
		return found, nil
	})
	roots := make([]tlog.Hash, tree.N+1)
	for n := int64(1); n <= tree.N; n++ {
		msg, err := os.ReadFile(filepath.Join(dir, "checkpoints", strconv.FormatInt(n, 10)))
		check(err)
		old, _, err := open(msg, known)
		check(err)
		if old.N != n {
			check(fmt.Errorf("checkpoint %d is of size %d", n, old.N))
		}
		roots[n] = old.Hash
		r.Checkpoints++
	}
	r.ConsistencyDigest = digest(func(add func([]tlog.Hash)) {
		for n := int64(1); n <= tree.N; n++ {
			for m := int64(1); m < n; m++ {
				p, err := tlog.ProveTree(n, m, memory)
				check(err)
				check(tlog.CheckTree(p, n, roots[n], m, roots[m]))
				add(p)
				r.Pairs++
			}
		}
	})
}

// tamperCheckpoint tries every value of every byte. Go takes base64 whose unused last bits are not zero: such a
// signature is the same bytes, and is counted apart.
func (r *report) tamperCheckpoint(msg []byte, opened *note.Note, known note.Verifiers) {
	for at := range msg {
		for value := 1; value < 256; value++ {
			tampered := append([]byte(nil), msg...)
			tampered[at] ^= byte(value)
			r.CheckpointTampers++
			_, n, err := open(tampered, known)
			if err != nil {
				continue
			}
			if n.Text == opened.Text && sameSignature(n.Sigs[0].Base64, opened.Sigs[0].Base64) {
				r.SameSignature++
			} else {
				r.CheckpointAccepted++
			}
		}
	}
}

func sameSignature(one, other string) bool {
	a, errA := base64.StdEncoding.DecodeString(one)
	b, errB := base64.StdEncoding.DecodeString(other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// tamperTiles turns a bit of every byte. A tile is refused where it is read, or where the proof of the neighbour of
// the changed hash is checked, which is made with it: the reader of x/mod 0.7.0 does not authenticate all full tiles
// (it skips one for each subtree of the root that shares a tile with another).
func (r *report) tamperTiles(dir string, tree tlog.Tree, leaves [][]byte) {
	for level := 0; tree.N>>(8*level) > 0; level++ {
		hashes := tree.N >> (8 * level)
		for first := int64(0); first < hashes; first += 256 {
			r.tamperTile(dir, tree, tlog.Tile{H: 8, L: level, N: first / 256, W: int(min(256, hashes-first))}, leaves)
		}
	}
}

func (r *report) tamperTile(dir string, tree tlog.Tree, t tlog.Tile, leaves [][]byte) {
	path := strings.Replace(t.Path(), "tile/8/", "tile/", 1)
	for at := 0; at < t.W*tlog.HashSize; at++ {
		flip := func(read string, data []byte) {
			if read == path {
				data[at] ^= 1 << (at % 8)
			}
		}
		reader := tlog.TileHashReader(tree, folder{path: dir, tamper: flip})
		r.TileTampers++
		neighbour := (t.N*256 + int64(at/tlog.HashSize) ^ 1) << (8 * t.L)
		p, err := tlog.ProveRecord(tree.N, neighbour, reader)
		if err == nil && tlog.CheckRecord(p, tree.N, tree.Hash, neighbour, tlog.RecordHash(leaves[neighbour])) == nil {
			r.TileAccepted++
		}
	}
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
