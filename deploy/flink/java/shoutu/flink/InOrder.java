package shoutu.flink;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.assigners.FileSplitAssigner;

/** Hands out files in the order of their names, which is the journal's; Flink's own assigner begins with the last. */
final class InOrder implements FileSplitAssigner {
    private final TreeMap<String, FileSourceSplit> waiting = new TreeMap<>(Comparator.naturalOrder());

    InOrder(Collection<FileSourceSplit> splits) {
        addSplits(splits);
    }

    @Override
    public Optional<FileSourceSplit> getNext(String hostname) {
        return waiting.isEmpty() ? Optional.empty() : Optional.of(waiting.pollFirstEntry().getValue());
    }

    @Override
    public void addSplits(Collection<FileSourceSplit> splits) {
        for (FileSourceSplit split : splits) {
            waiting.put(split.path().getPath(), split);
        }
    }

    @Override
    public Collection<FileSourceSplit> remainingSplits() {
        return new ArrayList<>(waiting.values());
    }
}
