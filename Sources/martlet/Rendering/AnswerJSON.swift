// Answers of reads and writes as programs read them. Field names are a promise to scripts.
internal import FoundationEssentials
internal import MartletClient

/// What `martlet get --json` prints.
struct GetJSON: Encodable {
    /// One version.
    struct Version: Encodable {
        var value: String?
        /// In place of `value` where the bytes are no UTF-8.
        var valueBase64: String?
        var deleted: Bool
        var dot: String
        var writtenAtMilliseconds: Int64
        var expiresAtMilliseconds: Int64?

        init(_ sibling: Sibling) {
            if let bytes = sibling.value { (value, valueBase64) = textOrBase64(bytes) }
            deleted = sibling.isDeletion
            dot = sibling.dot
            writtenAtMilliseconds = sibling.writtenAtMilliseconds
            expiresAtMilliseconds = sibling.expiresAtMilliseconds
        }
    }

    var key: String
    var found: Bool
    /// The version that plain Redis commands show.
    var shown: Version?
    var siblings: [Version]
    var context: String
    var evidence: EvidenceJSON

    init(key: String, _ result: GetResult) {
        self.key = key
        found = result.value != nil
        shown = result.shown.map(Version.init)
        siblings = result.siblings.map(Version.init)
        context = result.context.description
        evidence = EvidenceJSON(result.evidence)
    }
}

/// What `martlet put --json` and `martlet delete --json` print.
struct PutJSON: Encodable {
    var dot: String
    var context: String?
    var siblings: Int
    var evidence: EvidenceJSON

    init(_ result: PutResult) {
        dot = result.dot
        context = result.context?.description
        siblings = result.siblingCount
        evidence = EvidenceJSON(result.evidence)
    }
}

/// Bytes as JSON has them: text, or Base64 where they are no UTF-8.
func textOrBase64(_ bytes: [UInt8]) -> (text: String?, base64: String?) {
    if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
    return (nil, Data(bytes).base64EncodedString())
}

/// Who stands behind an answer.
struct EvidenceJSON: Encodable {
    /// One replica's part.
    struct Replica: Encodable {
        var node: String
        var standsInFor: String?
        var act: String
    }

    var coordinator: String
    var replicas: [Replica]

    init(_ evidence: Evidence) {
        coordinator = evidence.coordinator
        replicas = evidence.witnesses.map {
            Replica(node: $0.node, standsInFor: $0.standsInFor, act: $0.act)
        }
    }
}
