// This file is compiled into Go's own package time, whose Now adds it: dev/setup/moved-clock.mjs.
package time

import (
	"syscall"
	"unsafe"
)

// length of the file's text, such as +0000600, which is read at once.
const length = 8

// clock is the file that libfaketime reads, too. It stays mapped: Now is called where Go allows no system call.
var clock = mapped()

func mapped() []byte {
	name, found := syscall.Getenv("FAKETIME_TIMESTAMP_FILE")
	if !found {
		return nil
	}
	file, err := open(name)
	if err != nil {
		panic("the file of FAKETIME_TIMESTAMP_FILE cannot be read")
	}
	defer closefd(file)
	memory, err := syscall.Mmap(int(file), 0, length, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("the file of FAKETIME_TIMESTAMP_FILE cannot be mapped")
	}
	return memory
}

// moved is how many seconds the wall clock is ahead. Timers are not moved.
func moved() int64 {
	if clock == nil {
		return 0
	}
	text := *(*[length]byte)(unsafe.Pointer(&clock[0]))
	seconds := int64(0)
	for _, digit := range text[1:] {
		seconds = seconds*10 + int64(digit-'0')
	}
	return seconds
}
