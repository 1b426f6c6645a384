package shop;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.Id;
import java.util.List;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
public class Shop {
  public static void main(String[] arguments) {
    System.setProperty("server.port", System.getenv("PORT"));
    System.setProperty("server.address", "127.0.0.1");
    SpringApplication.run(Shop.class, arguments);
  }

  @Bean
  CommandLineRunner fill(Products products) {
    return arguments -> products.save(new Product("tea"));
  }
}

@Entity
class Product {
  @Id @GeneratedValue Long id;
  String name;

  Product() {}

  Product(String name) {
    this.name = name;
  }

  public String getName() {
    return name;
  }
}

interface Products extends JpaRepository<Product, Long> {}

@RestController
class Pages {
  private final Products products;

  Pages(Products products) {
    this.products = products;
  }

  @GetMapping("/")
  List<Product> all() {
    return products.findAll();
  }
}
