// What operators ask of nodes: their views, and to be a cluster.
internal import FoundationEssentials
package import MartletClient

extension MartletClient {
    /// Asks for one of the node's views.
    package func view<View: Decodable>(_ type: View.Type, _ words: [String]) async throws -> View {
        let reply = try await command(words.map { Array($0.utf8) })
        guard case .bytes(let json) = reply else {
            throw LocalFailure(
                "the node's answer to \(words[0]) is not one that this martlet reads")
        }
        do {
            return try JSONDecoder().decode(View.self, from: Data(json))
        } catch {
            throw LocalFailure(
                "the node's answer to \(words[0]) is not one that this martlet reads: is the node "
                    + "of another version? (\(error))")
        }
    }

    /// Creates the cluster; gives back what the operator should know.
    package func createCluster(
        members: Int, replicas: Int, partitions: Int
    ) async throws(MartletError) -> [String] {
        let reply = try await command(
            "MARTLET.CREATE", "\(members)", "N", "\(replicas)", "PARTITIONS", "\(partitions)")
        guard case .array(let warnings) = reply["warnings"] else { return [] }
        return warnings.compactMap(\.text)
    }
}
