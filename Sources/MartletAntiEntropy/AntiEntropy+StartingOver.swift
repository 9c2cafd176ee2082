// A node that has lost its disk goes on with an empty one, under the identity that it had: what it
// must write down before it does anything else.
//
// Its promise is lost, and others may count on it: that it issues no timestamp up to the floor and
// takes no hint as old. No promise is ahead of the clock of the node that makes it, so what the
// clock shows now is no less, as long as the clock has not gone back since.
// What it held is lost, and nobody has told it yet what that was: every partition is in doubt as
// soon as it is known which they are.
public import MartletBase
public import MartletStorage
internal import MartletVersions

extension AntiEntropy {
    /// Has `batch` bind the node anew, and put everything that it is a home of in doubt. The batch
    /// must be synced before the node takes anything.
    public static func startOver(at wall: WallTime, in batch: inout WriteBatch) {
        Promises.put(HybridTimestamp(wall), in: &batch)
        SettledTimes.putLoss(in: &batch)
    }
}
