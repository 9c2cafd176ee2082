// The same calls with keys and values as text.

extension MartletClient {
    /// `get` with the key's UTF-8.
    public func get(
        _ key: String, consistency: ReadConsistency = ReadConsistency()
    ) async throws(MartletError) -> GetResult {
        try await get(Array(key.utf8), consistency: consistency)
    }

    /// `put` with the UTF-8 of key and value.
    @discardableResult
    public func put(
        _ key: String, _ value: String, context: Context? = nil, expiry: Duration? = nil,
        consistency: WriteConsistency = WriteConsistency()
    ) async throws(MartletError) -> PutResult {
        try await put(
            Array(key.utf8), Array(value.utf8), context: context, expiry: expiry,
            consistency: consistency)
    }

    /// `delete` with the key's UTF-8.
    @discardableResult
    public func delete(
        _ key: String, context: Context? = nil,
        consistency: WriteConsistency = WriteConsistency()
    ) async throws(MartletError) -> PutResult {
        try await delete(Array(key.utf8), context: context, consistency: consistency)
    }

    /// `command` with the words' UTF-8.
    public func command(_ words: String...) async throws(MartletError) -> Reply {
        try await command(words.map { Array($0.utf8) })
    }
}
