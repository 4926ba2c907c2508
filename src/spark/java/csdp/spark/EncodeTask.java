package csdp.spark;

import csdp.Csdp;
import csdp.backend.Device;
import csdp.checkpoint.SavedModel;
import csdp.data.ImageSource;
import csdp.encode.EncodeJob;
import csdp.encode.EncodeRequest;
import csdp.encode.EncodeRequest.Piece;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Encodes the pieces of a task. Columns: index, image, true_class, class, probabilities, an array
 * of rates for each layer, error; null without a value.
 *
 * @param request as JSON
 * @param device name
 */
record EncodeTask(String request, String device) implements FlatMapFunction<List<Piece>, Row> {
  StructType schema() {
    ArrayType floats = DataTypes.createArrayType(DataTypes.FloatType, false);
    StructType schema =
        new StructType()
            .add("index", DataTypes.IntegerType, false)
            .add("image", DataTypes.StringType, false)
            .add("true_class", DataTypes.IntegerType)
            .add("class", DataTypes.IntegerType)
            .add("probabilities", floats);
    for (int layer : EncodeRequest.of(request).layers()) {
      schema = schema.add("z" + layer, floats);
    }
    return schema.add("error", DataTypes.StringType);
  }

  @Override
  public Iterator<Row> call(List<Piece> pieces) {
    EncodeRequest asked = EncodeRequest.of(request);
    SavedModel saved = asked.open();
    TaskContext task = TaskContext.get();
    Csdp network = Csdp.of(saved, Device.of(device, false, line -> {}), task.cpus());
    ImageSource images = asked.images(saved, pieces);
    task.addTaskCompletionListener(
        ended -> {
          images.close();
          network.close();
        });
    Iterator<List<EncodeJob.Row>> blocks = EncodeRequest.job(pieces).blocks(network, images);
    return new Iterator<>() {
      private Iterator<EncodeJob.Row> rows = List.<EncodeJob.Row>of().iterator();

      @Override
      public boolean hasNext() {
        while (!rows.hasNext() && blocks.hasNext()) {
          rows = blocks.next().iterator();
        }
        return rows.hasNext();
      }

      @Override
      public Row next() {
        hasNext();
        return row(rows.next(), asked.layers());
      }
    };
  }

  private static Row row(EncodeJob.Row row, List<Integer> layers) {
    Csdp.Encoding encoding = row.encoding();
    int label = row.image().label();
    List<Object> cells = new ArrayList<>();
    cells.add(row.index());
    cells.add(row.image().name());
    cells.add(label < 0 ? null : label);
    cells.add(encoding == null ? null : encoding.prediction().label());
    cells.add(encoding == null ? null : floats(encoding.prediction().probabilities()));
    for (int layer : layers) {
      cells.add(encoding == null ? null : floats(encoding.codes()[layer - 1]));
    }
    cells.add(row.image().error());
    return RowFactory.create(cells.toArray());
  }

  private static Float[] floats(double[] values) {
    Float[] floats = new Float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static Float[] floats(float[] values) {
    Float[] floats = new Float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values[i];
    }
    return floats;
  }
}
