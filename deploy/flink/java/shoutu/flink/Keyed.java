package shoutu.flink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.types.Row;
import org.apache.flink.util.Collector;

/**
 * Bytes with the key they are grouped by: the two fields that PyFlink's keyed functions take. Found here and not in
 * Python, which would be one more Python process for each slot and one more way through it for each record.
 */
public final class Keyed extends RichFlatMapFunction<byte[], Row> {
    private static final long serialVersionUID = 1L;
    /** Where parts have what is told by src/shoutu/sensing/scale/parts.py. */
    private static final int PART = 'S' | 'P' << 8 | 'T' << 16 | '1' << 24;
    private static final int PART_HEAD = 36;

    private final boolean parts;
    private transient Counter foreign;

    private Keyed(boolean parts) {
        this.parts = parts;
    }

    /** Frames of a journal by the salt that stands before them. */
    public static Keyed frames() {
        return new Keyed(false);
    }

    /** Parts by journal and shard; what another program put into their topic is counted and passed over. */
    public static Keyed parts() {
        return new Keyed(true);
    }

    @Override
    public void open(OpenContext context) {
        foreign = getRuntimeContext().getMetricGroup().counter("parts_foreign");
    }

    @Override
    public void flatMap(byte[] value, Collector<Row> out) {
        ByteBuffer fields = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        if (!parts) {
            out.collect(Row.of(fields.getInt(0) & 0xFFFFFFFFL, value));
        } else if (value.length < PART_HEAD || fields.getInt(0) != PART) {
            foreign.inc();
        } else {
            out.collect(Row.of((fields.getInt(8) & 0xFFFFFFFFL) << 16 | fields.getShort(6) & 0xFFFF, value));
        }
    }
}
