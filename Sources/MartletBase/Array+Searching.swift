// The one binary search: everything here that is kept sorted is an array.

extension Array {
    /// Where an array falls in two: the index of the first element that does not belong to the
    /// front. `belongsToFront` must hold for a run of elements from the start and for none behind
    /// it. O(log n) calls.
    @inlinable
    public func partitionIndex(where belongsToFront: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if belongsToFront(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
