// A context as text that a client carries from a read to the write that follows. Opaque to it, and
// made by nodes of the cluster alone: a context of another key, or a made-up one, would hide or
// block what nobody has seen.
//
//     token   = base64url without padding of:  version:u8 (3)  cluster:u32  key:u32  context  mac
//     cluster = the low half of the cluster's id; key = the low half of the key's stable hash. Both
//               only for a better error than "forged"
//     mac     = the first 12 bytes of SipHash-2-4-128, under the key that the cluster's secret
//               gives for contexts, of:  all before it  clusterID:u64  the key's bytes
internal import MartletBase
internal import MartletRing
internal import MartletVersions

/// What a context is made for, and what vouches for it.
struct ContextSeal {
    let clusterID: UInt64
    let secret: SipHash.Key
    let key: Bytes

    /// The seal of contexts of `key` in the cluster of `topology`.
    init(_ topology: Topology, key: Bytes) {
        clusterID = topology.clusterID
        secret = topology.secret.contextKey
        self.key = key
    }

    fileprivate var clusterTag: UInt32 { UInt32(truncatingIfNeeded: clusterID) }
    fileprivate var keyTag: UInt32 { UInt32(truncatingIfNeeded: StableHash.hash(key)) }

    /// What vouches for the first `end` bytes of a token.
    fileprivate func code(of token: Bytes, upTo end: Int) -> (low: UInt64, high: UInt32) {
        var writer = ByteWriter(capacity: end + 8 + key.count)
        writer.writeRaw(token.raw, 0..<end)
        writer.write(clusterID)
        writer.writeRaw(key)
        let hash = SipHash.hash(writer.bytes, key: secret)
        return (hash.low, UInt32(truncatingIfNeeded: hash.high))
    }
}

/// The text form of a context.
enum ContextToken {
    /// The longest token that is read, in bytes of text: some twenty thousand actors.
    static let lengthLimit = 1 << 20
    /// A forger would have to try 2^95 tokens at a node.
    fileprivate static let codeByteCount = 12
    private static let version: UInt8 = 3
    private static let headByteCount = 1 + 4 + 4

    /// Why a text is no context.
    enum Failure: Error, Hashable, CustomStringConvertible {
        /// Empty, a character outside base64url, or an impossible length.
        case notBase64
        /// Longer than `lengthLimit`.
        case tooLong
        /// The bytes are not a context.
        case format(FormatError)
        /// Made by another cluster.
        case anotherCluster
        /// Made for another key.
        case anotherKey
        /// Nobody of this cluster has made it so.
        case forged

        /// One line for the client.
        var description: String {
            switch self {
            case .notBase64: "it is not base64url text"
            case .tooLong: "it is longer than \(ContextToken.lengthLimit) bytes"
            case .format(let error): "\(error)"
            case .anotherCluster: "it is of another cluster"
            case .anotherKey: "it is of another key"
            case .forged: "it is damaged or forged"
            }
        }
    }

    /// The token of `context` for what `seal` names.
    static func encode(_ context: Context, _ seal: ContextSeal) -> Bytes {
        var writer = ByteWriter(
            capacity: headByteCount + 8 + 24 * context.entries.count + codeByteCount)
        writer.write(version)
        writer.write(seal.clusterTag)
        writer.write(seal.keyTag)
        context.encode(into: &writer)
        let code = seal.code(of: writer.bytes, upTo: writer.count)
        writer.write(code.low)
        writer.write(code.high)
        return Base64URL.encode(writer.bytes)
    }

    /// The context that `token` stands for, which must have been made for what `seal` names.
    static func decode(_ token: Bytes, _ seal: ContextSeal) throws(Failure) -> Context {
        guard token.count <= lengthLimit else { throw .tooLong }
        guard let bytes = Base64URL.decode(token), !bytes.isEmpty else { throw .notBase64 }
        if bytes[0] != version { throw .format(FormatError(.unsupportedVersion(bytes[0]), at: 0)) }
        let end = bytes.count - codeByteCount
        guard end >= headByteCount else {
            throw .format(FormatError(.truncated, at: bytes.count))
        }
        let code = seal.code(of: bytes, upTo: end)
        // In a time that does not depend on how much is right.
        let difference =
            bytes.raw.word(end) ^ code.low | UInt64(bytes.raw.quarter(end + 8) ^ code.high)
        guard difference == 0 else { throw fault(in: bytes, seal) }
        var reader = ByteReader(bytes, headByteCount..<end)
        do throws(FormatError) {
            let context = try Context(from: &reader)
            try reader.expectEnd()
            return context
        } catch {
            throw .format(error)
        }
    }

    /// The likeliest reason why nobody vouches for it.
    private static func fault(in bytes: Bytes, _ seal: ContextSeal) -> Failure {
        if bytes.raw.quarter(1) != seal.clusterTag { return .anotherCluster }
        if bytes.raw.quarter(5) != seal.keyTag { return .anotherKey }
        return .forged
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
