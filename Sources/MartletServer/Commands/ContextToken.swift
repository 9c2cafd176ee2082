// A context as text that a client carries from a read to the write that follows. Opaque to it;
// damage and other versions are errors, never another context.
//
//     token   = base64url without padding of:  version:u8 (2)  context  crc32c:u32
//     crc32c  = over everything before it
internal import MartletBase
internal import MartletVersions

/// The text form of a context.
enum ContextToken {
    /// The longest token that is read, in bytes of text: some twenty thousand actors.
    static let lengthLimit = 1 << 20
    private static let version: UInt8 = 2
    private static let minimumByteCount = 14

    /// Why a text is no context.
    enum Failure: Error, Hashable, CustomStringConvertible {
        /// Empty, a character outside base64url, or an impossible length.
        case notBase64
        /// Longer than `lengthLimit`.
        case tooLong
        /// The bytes are not a context.
        case format(FormatError)

        /// One line for the client.
        var description: String {
            switch self {
            case .notBase64: "it is not base64url text"
            case .tooLong: "it is longer than \(ContextToken.lengthLimit) bytes"
            case .format(let error): "\(error)"
            }
        }
    }

    /// The token of `context`.
    static func encode(_ context: Context) -> Bytes {
        var writer = ByteWriter(capacity: 8 + 24 * context.entries.count)
        writer.write(version)
        context.encode(into: &writer)
        writer.write(Checksum.crc32c(writer.bytes))
        return Base64URL.encode(writer.bytes)
    }

    /// The context that `token` stands for.
    static func decode(_ token: Bytes) throws(Failure) -> Context {
        guard token.count <= lengthLimit else { throw .tooLong }
        guard let bytes = Base64URL.decode(token), !bytes.isEmpty else { throw .notBase64 }
        do {
            return try read(bytes)
        } catch {
            throw .format(error)
        }
    }

    private static func read(_ bytes: Bytes) throws(FormatError) -> Context {
        if bytes[0] != version { throw FormatError(.unsupportedVersion(bytes[0]), at: 0) }
        guard bytes.count >= minimumByteCount else {
            throw FormatError(.truncated, at: bytes.count)
        }
        let end = bytes.count - 4
        var trailer = ByteReader(bytes, end..<bytes.count)
        guard try trailer.readUInt32() == Checksum.crc32c(bytes, 0..<end) else {
            throw FormatError(.checksumMismatch, at: end)
        }
        var reader = ByteReader(bytes, 1..<end)
        let context = try Context(from: &reader)
        try reader.expectEnd()
        return context
    }
}

/// Base64 in the alphabet that needs no quoting in URLs and shells (RFC 4648, section 5), without
/// padding; one text for one run of bytes.
enum Base64URL {
    private static let alphabet = Bytes(
        text: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    /// The text of `bytes`.
    static func encode(_ bytes: Bytes) -> Bytes {
        var text: Bytes = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(alphabet[Int(bits >> UInt32(bitCount) & 63)])
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << UInt32(6 - bitCount) & 63)]) }
        return text
    }

    /// The bytes of `text`; nil for what `encode` does not write.
    static func decode(_ text: Bytes) -> Bytes? {
        guard text.count % 4 != 1 else { return nil }
        var bytes: Bytes = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
