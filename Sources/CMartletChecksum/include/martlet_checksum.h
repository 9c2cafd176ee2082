// CRC32C (Castagnoli, reflected 0x82F63B78), by SSE4.2 where the processor has it.
#ifndef MARTLET_CHECKSUM_H
#define MARTLET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// Extends `crc` (0 to begin) over `length` bytes at `data`; `data` may be null when `length` is 0.
uint32_t martlet_crc32c(uint32_t crc, const void *data, size_t length);

/// The portable implementation alone; tests compare the two.
uint32_t martlet_crc32c_portable(uint32_t crc, const void *data, size_t length);

#endif
