// The one byte string of the core. Shells convert at their edge; the core never sees a pointer.

/// An owned run of bytes: a key, a value, an encoded frame.
public typealias Bytes = [UInt8]

extension Bytes {
    /// The UTF-8 of `text`.
    public init(text: String) {
        self = Array(text.utf8)
    }

    /// The bytes read as UTF-8, with replacement characters where they are not; for people only.
    public var text: String {
        String(decoding: self, as: UTF8.self)
    }
}
